"""Primary keys of users, from the forms in which callers give them: an instance, a key, or the key's JSON form."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import IntegerField
from django.utils.translation import gettext as _

from ..errors import BadValue
from .snapshots import UserId
from .validators import validate_text

# mypy checks this project with Django's own user model. A site may have another one.
if TYPE_CHECKING:
    from django.contrib.auth.models import User

    SiteUser: TypeAlias = User
else:
    SiteUser = AbstractBaseUser
# The primary key of a user: with another user model it may be a str or a UUID. Code may only hash, compare and sort it.
UserPk: TypeAlias = int
UserOrPk: TypeAlias = AbstractBaseUser | UserPk | UserId


def user_pk(user: UserOrPk | None) -> UserPk:
    """The primary key of a user. Raises BadValue for a value that can't be one."""
    given: Any = user.pk if isinstance(user, get_user_model()) else user
    if given is None or isinstance(given, bool | float):
        raise BadValue(_("%(value)s is no user.") % {"value": given})
    field = get_user_model()._meta.pk
    try:
        if isinstance(given, str):
            validate_text(given)  # first: what refuses it quotes it
        key: Any = field.to_python(given)
        field.run_validators(key)
    except ValidationError as error:
        raise BadValue(str(error.messages[0])) from error
    return key  # type: ignore[no-any-return]


def user_pk_or_none(user: UserOrPk | None) -> UserPk | None:
    """As `user_pk`, but None for a value that can't be a key, for example after the site has changed its user model."""
    try:
        return user_pk(user)
    except BadValue:
        return None


def user_pks(users: Iterable[UserOrPk]) -> list[UserPk]:
    """`user_pk` of many users. If all are integers, only the smallest and the largest are validated."""
    found: list[Any] = list(users)
    if set(map(type, found)) == {int} and isinstance(get_user_model()._meta.pk, IntegerField):
        user_pk(min(found)), user_pk(max(found))  # the others lie between them, so they fit the column too
        return found
    return [user_pk(user) for user in found]


def has_staff_column() -> bool:
    """Whether `is_staff` is a database column. A site's user model may lack it, or have a property."""
    try:
        return bool(get_user_model()._meta.get_field("is_staff").concrete)
    except FieldDoesNotExist:
        return False
