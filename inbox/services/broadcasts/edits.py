"""Creating and changing broadcasts: which values are valid together, whether the API or the admin sends them."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from ...core.users import SiteUser
from ...core.validators import validate_says_something
from ...errors import BadFields
from ...models import Audience, Broadcast, State, ledger
from .aims import EXCLUSIONS, SETS, check_aim, leaves_out_list, sets_of, visitors_would_see, write_sets
from .copies import COLUMNS, PLACES, copied
from .due import turn_due
from .lists import has_list
from .states import PUBLISHED, existing, renew, require_changeable

Values = Mapping[str, Any]  # field name -> value; those of `SETS` are sets of primary keys


def check_broadcast(
    values: Values,
    changed: Collection[str],
    state: str = State.DRAFT,
    *,
    has_list: bool = False,
    leaves_out_list: bool = False,
) -> dict[str, str]:
    """The errors in these values of a broadcast in this state: field name -> sentence; empty if they are valid.

    `changed` names the fields whose values are new. A value that is invalid by itself is missing from `values`; it
    needs no second error. `has_list`: people are in the audience besides those who were chosen one by one;
    `leaves_out_list`: the same of people who are left out.
    """
    return (
        check_aim(values, changed, may_lack_parts=has_list or state == State.DRAFT)
        | _check_filters(changed, state)
        | _check_title(values)
        | _check_languages(values, changed)
        | _check_places(values)
        | _check_visitors(values, leaves_out_list)
        | _check_start(values, changed, state)
        | _check_end(values, changed)
    )


def _check_filters(changed: Collection[str], state: str) -> dict[str, str]:
    sentence = _("Filters find people when it is published. To change them, withdraw it first.")
    chosen = (name for name in ("filters", "excluded_filters") if name in changed)
    return dict.fromkeys(chosen, sentence) if state in PUBLISHED else {}


def _check_title(values: Values) -> dict[str, str]:
    try:
        validate_says_something(values.get("title", "-"))
    except ValidationError as error:
        return {"title": error.messages[0]}
    return {}


def _check_languages(values: Values, changed: Collection[str]) -> dict[str, str]:
    """Languages that the site has lost since may stay."""
    known = {code for code, _name in settings.LANGUAGES}
    used = {"language": {values.get("language", "")} - {""}, "translations": set(values.get("translations", {}))}
    return {
        name: _("This site has no language “%s”.") % min(codes - known)
        for name, codes in used.items()
        if name in changed and codes - known
    }


def _check_places(values: Values) -> dict[str, str]:
    if {*PLACES} <= {*values} and not any(values[name] for name in PLACES):
        return {"in_inbox": _("Choose at least one place where readers see it.")}
    return {}


def _check_visitors(values: Values, leaves_out_list: bool) -> dict[str, str]:
    if not values.get("for_visitors"):
        return {}
    if not values.get("as_banner", True):
        return {"for_visitors": _("Visitors see banners only: show it as a banner, too.")}
    if values.get("audience", Audience.EVERYONE) != Audience.EVERYONE:
        return {"for_visitors": _("Visitors see only what is for everyone.")}
    if leaves_out_list or any(values.get(name) for name in EXCLUSIONS):
        return {"for_visitors": visitors_would_see()}
    return {}


def _check_start(values: Values, changed: Collection[str], state: str) -> dict[str, str]:
    if state == State.SCHEDULED and not values["publish_at"]:
        return {"publish_at": _("This announcement is scheduled: give it a time, or withdraw it first.")}
    if state == State.LIVE and "publish_at" in changed:
        return {"publish_at": _("This announcement is live already: its start can't change any more.")}
    return {}


def _check_end(values: Values, changed: Collection[str]) -> dict[str, str]:
    start, end = values["publish_at"], values.get("expires_at")
    if end and start and end <= start:
        return {"expires_at": _("This must be later than the time of publication.")}
    if end and "expires_at" in changed and end <= timezone.now():
        return {"expires_at": _("This time has passed. To end an announcement now, withdraw it.")}
    return {}


@ledger.retrying
def create_broadcast(author: SiteUser, values: Values) -> Broadcast:
    """Create a draft. Raises BadFields."""
    columns = {name: value for name, value in values.items() if name not in SETS}
    sets = {name: values.get(name, set()) for name in SETS}
    with ledger.locked_clock():
        broadcast = Broadcast(author=author, **columns)
        _raise_if_any(check_broadcast({**_columns(broadcast), **sets}, values.keys()))
        broadcast.save()
        write_sets(broadcast, sets)
        return broadcast


def duplicate_broadcast(author: SiteUser, original: Broadcast) -> Broadcast:
    """A draft with the same texts and audience, and without dates. Raises NotFound if it was deleted."""
    return copied(original, author)


@contextmanager
def locked_broadcast(pk: int) -> Iterator[Broadcast]:
    """A transaction in which no other one can publish, change or delete this broadcast. Raises NotFound."""
    with ledger.locked_clock():
        yield existing(pk)


@ledger.retrying
def change_broadcast(broadcast: Broadcast, values: Values, *, show_again: bool = False) -> None:
    """Change these fields of a broadcast, and start or end it if it is due then. Changes that others have made to its
    other fields stay. With `show_again`, it is new to everybody who had read, dismissed or confirmed it.

    Raises BadFields; NotApproved if it is published and the four-eyes rule holds; NotFound if it was deleted.
    """
    with ledger.locked_clock():
        renew(broadcast)
        before = {**_columns(broadcast), **sets_of(broadcast)}
        changed = {name for name, value in values.items() if value != before[name]}
        lists = {"has_list": has_list(broadcast), "leaves_out_list": leaves_out_list(broadcast)}
        _raise_if_any(check_broadcast({**before, **values}, changed, broadcast.state, **lists))
        if changed or show_again:
            require_changeable(broadcast)
        columns = changed - {*SETS}
        for name in columns:
            setattr(broadcast, name, values[name])
        broadcast.shows_again = show_again
        if columns or show_again:
            broadcast.save(update_fields=columns)
        write_sets(broadcast, {name: values[name] for name in changed - columns})
        turn_due()


def _columns(broadcast: Broadcast) -> dict[str, object]:
    return {name: getattr(broadcast, name) for name in COLUMNS}


def _raise_if_any(errors: dict[str, str]) -> None:
    if errors:
        raise BadFields(errors)
