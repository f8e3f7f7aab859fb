"""From what callers have in hand (a user, a key, its JSON form) to the key as the database has it."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import IntegerField
from django.utils.translation import gettext as _

from ..errors import BadValue
from .validators import validate_text


def user_pk(user: Any) -> Any:
    """Primary key of a user, given as an instance, a key or a key's JSON form. BadValue for what can't be one."""
    if isinstance(user, get_user_model()):
        user = user.pk
    if user is None or isinstance(user, bool | float):
        raise BadValue(_("%(value)s is no user.") % {"value": user})
    field = get_user_model()._meta.pk
    try:
        key = field.to_python(user)
        field.run_validators(key)
        if isinstance(key, str):
            validate_text(key)
    except ValidationError as error:
        raise BadValue(str(error.messages[0])) from error
    return key


def user_pk_or_none(user: Any) -> Any:
    """As `user_pk`; None for what can't be the key of a user, as when the site has changed its user model."""
    try:
        return user_pk(user)
    except BadValue:
        return None


def user_pks(users: Iterable[Any]) -> list[Any]:
    """`user_pk` of many: numbers that come by the thousand are not looked at one by one."""
    found = list(users)
    if set(map(type, found)) == {int} and isinstance(get_user_model()._meta.pk, IntegerField):
        user_pk(min(found)), user_pk(max(found))  # what lies between is in the column's range too
        return found
    return [user_pk(user) for user in found]


def has_staff_column() -> bool:
    """Whether the database knows who is staff. A site's user model may have no such flag, or a property."""
    try:
        return bool(get_user_model()._meta.get_field("is_staff").concrete)
    except FieldDoesNotExist:
        return False
