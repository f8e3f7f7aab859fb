"""From what callers have in hand (a user, a key, its JSON form) to the key as the database has it."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from .errors import BadValue


def user_pk(user: Any) -> Any:
    """Primary key of a user, given as an instance, a key or a key's JSON form. BadValue for what can't be one."""
    if isinstance(user, get_user_model()):
        return user.pk
    field = get_user_model()._meta.pk
    try:
        key = field.to_python(user)
        field.run_validators(key)
    except ValidationError as error:
        raise BadValue(str(error.messages[0])) from error
    return key
