"""The faces of the actors of messages, which the function in `INBOX_ACTORS` gives for many users at once."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.functional import Promise

from .. import conf
from ..core.isolation import log_failure
from ..core.site_functions import ask, some
from ..errors import SiteFunctionFailed
from ..models import Message
from ..models.actors import actor_name
from ..rendering.bidi import balanced
from ..rendering.faces import Face
from ..rendering.images import is_own_or_allowed
from ..rendering.links import is_link
from ..rendering.wording import shortened

SETTING = "INBOX_ACTORS"
MAX_NAME, MAX_ADDRESS = 150, 500  # characters


def load_faces(messages: Collection[Message]) -> None:
    """Give all messages, whose actors are loaded, the faces of these, by one call of the site's function."""
    actors = {message.actor.pk: message.actor for message in messages if message.actor is not None}
    faces = _faces_of(list(actors.values()))
    for message in messages:
        message.face = faces.get(message.actor.pk) if message.actor is not None else None


def _faces_of(users: Sequence[AbstractBaseUser]) -> dict[Any, Face]:
    """The faces of users by their keys. Empty if the site has no such function, or if it fails: then items are shown
    without faces."""
    if not users or not conf.names_function(SETTING):
        return {}

    def read(found: object) -> dict[Any, Face]:
        if not isinstance(found, Mapping):
            raise TypeError(f"{SETTING} returned {type(found).__name__} and no mapping")
        return {user.pk: _face(found.get(user.pk), user) for user in users}

    with suppress(SiteFunctionFailed):
        return ask(SETTING, list(users), read=read, about=f"users {some([user.pk for user in users])}")
    return {}


def _face(given: object, user: AbstractBaseUser) -> Face:
    values = given if isinstance(given, Mapping) else {}
    picture, url, own = (_text(values.get(key)) for key in ("picture", "url", "name"))
    return Face(
        balanced(shortened(_encodable(own.strip() or name_of(user)), MAX_NAME)),
        picture if len(picture) <= MAX_ADDRESS and is_own_or_allowed(picture) else "",
        url if len(url) <= MAX_ADDRESS and is_link(url) else "",
    )


def name_of(user: AbstractBaseUser) -> str:
    """ "" if the site's user model fails to name them."""
    try:
        return actor_name(user)
    except Exception:  # noqa: BLE001 (logged there)
        log_failure("Naming an actor")
        return ""


def _encodable(name: str) -> str:
    """Without lone surrogates, which would make the whole response fail."""
    return name.encode(errors="ignore").decode()


def _text(value: object) -> str:
    """The text, or "" for anything else."""
    return str(value) if isinstance(value, str | Promise) else ""
