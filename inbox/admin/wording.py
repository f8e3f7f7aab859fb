"""Sentences of the admin about numbers of people."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..rendering.bidi import isolated
from ..selectors import Reach


def sentence_about(reach: Reach) -> str:
    """ "1,234 people: ann, bob, …" """
    if reach.size == 0:
        return _("Nobody is in this audience.")
    number = number_format(reach.size, use_l10n=True, force_grouping=True)
    people = ngettext("%s person", "%s people", reach.size) if reach.is_exact else _("more than %s people")
    more = ", …" if reach.size > len(reach.sample) else ""
    return f"{people % number}: {', '.join(map(isolated, reach.sample))}{more}"
