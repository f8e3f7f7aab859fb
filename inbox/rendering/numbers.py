"""Numbers as people of the active language write them."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def grouped(number: int) -> str:
    """ "12,345" """
    return number_format(number, use_l10n=True, force_grouping=True)


def percent(number: int) -> str:
    """ "99%"; some languages have a no-break space before the sign."""
    # Translators: a percentage. Put a no-break space before the sign if your language has one there.
    return _("%(number)s%%") % {"number": grouped(number)}
