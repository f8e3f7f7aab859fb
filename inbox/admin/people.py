"""A form field for users: a search that suggests, and a list of those who are chosen.

Django's own autocomplete builds its list with `innerHTML`, which Trusted Types forbid, and asks for the permission to
view users.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from django import forms
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from ..core.lookups import Among
from ..core.users import SiteUser, UserPk, user_pk_or_none
from ..models import ledger
from ..selectors.effects.effect import searched

MOST, SUGGESTED = 5000, 10


class PeopleSelect(forms.SelectMultiple):
    """Options only for the chosen users. `people.js` puts the search in front of it."""

    finds_addresses = False

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        words: dict[str, object] = {
            "data-placeholder": search_label(with_addresses=self.finds_addresses),
            "data-nobody": _("Nobody else is found."),
            "data-remove": _("Take out %s"),
            "data-most": MOST,
            "data-full": _("Choose at most %d people here. For more, upload a list.") % MOST,
        }
        address = {"data-search": reverse("admin:inbox_broadcast_people"), "class": "inbox-people"}
        return super().get_context(name, value, {**(attrs or {}), **address, **words})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return posted_keys(data, name)

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        found = {str(user.pk): user for user in users_with(value)}
        self.choices = [(key, user.get_username()) for key, user in found.items()]
        return super().optgroups(name, value, attrs)


class PeopleField(forms.MultipleChoiceField):
    """Its value is a set of primary keys of users."""

    widget = PeopleSelect

    def validate(self, value: list[str]) -> None:
        """The choices are all users: `clean` looks them up."""
        if len(value) > MOST:
            raise ValidationError(_("Choose at most %d people here. For more, upload a list.") % MOST)

    def clean(self, value: Any) -> set[UserPk]:
        given = super().clean(value)
        found = {str(user.pk): user.pk for user in users_with(given)}
        if unknown := [key for key in given if key not in found]:
            raise ValidationError(_("There is no such user: %s.") % ", ".join(unknown[:5]))
        return set(found.values())

    def has_changed(self, initial: Any, data: Any) -> bool:
        return set(map(str, initial or ())) != set(data or ())


def posted_keys(posted: QueryDict, name: str) -> list[str]:
    """`people.js` joins them to one value, a key a line: Django limits the number of values in a form. Of too many,
    only as many as it takes to refuse them."""
    keys = (key for value in posted.getlist(name) for key in value.splitlines())
    return [*islice(keys, MOST + 1)]


def users_with(keys: Iterable[str]) -> list[SiteUser]:
    pks = {pk for key in keys if (pk := user_pk_or_none(key)) is not None}
    users = get_user_model()._base_manager.using(ledger.alias())
    return list(users.filter(Among("pk", pks)).order_by(get_user_model().USERNAME_FIELD))


def may_see_addresses(user: Any) -> bool:
    """Whether the user may look at users: for others, the e-mail addresses of people are neither shown nor searched."""
    options = get_user_model()._meta
    needed = (get_permission_codename(action, options) for action in ("view", "change"))  # as Django's admin has it
    return any(user.has_perm(f"{options.app_label}.{codename}") for codename in needed)


def search_label(*, with_addresses: bool) -> str:
    """What can be typed."""
    return _("Name or e-mail address") if with_addresses else _("Name")


def suggested(search: str, *, with_addresses: bool) -> list[dict[str, str]]:
    """A few users with this part of a name (or of the e-mail address), those whose user name begins with it first."""
    model = get_user_model()
    search, name = search.replace("\0", "").strip()[:200], model.USERNAME_FIELD
    if not search:
        return []
    matches = [Q(**{f"{column}__icontains": search}) for column in searched(with_addresses=with_addresses)]
    users = model._base_manager.using(ledger.alias())
    first = list(users.filter(**{f"{name}__istartswith": search}).order_by(name)[:SUGGESTED])
    rest = users.filter(Q(*matches, _connector=Q.OR)).exclude(pk__in=[user.pk for user in first]).order_by(name)
    return [_suggestion(user, with_addresses) for user in (*first, *rest[: SUGGESTED - len(first)])]


def _suggestion(user: SiteUser, with_address: bool) -> dict[str, str]:
    address = getattr(user, user.get_email_field_name(), "") if with_address else ""
    beside = " · ".join(filter(None, (user.get_full_name(), address)))
    return {"id": str(user.pk), "name": user.get_username(), "more": beside}
