"""Who did what a message tells: a user who may be deleted without a write to the messages that name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.utils.translation import gettext

if TYPE_CHECKING:
    ForeignKey = models.ForeignKey[Any, Any]
    Descriptor = ForwardManyToOneDescriptor[Any]
else:
    ForeignKey = models.ForeignKey
    Descriptor = ForwardManyToOneDescriptor


class ActorDescriptor(Descriptor):
    """Returns None for a deleted actor, as if the column were NULL already."""

    def get_object(self, instance: models.Model) -> Any:
        try:
            return super().get_object(instance)
        except ObjectDoesNotExist:
            return None


class ActorField(ForeignKey):
    """A foreign key without a constraint: with one, the transaction that deletes a user would have to write all
    messages that name them."""

    forward_related_accessor_class = ActorDescriptor

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


def actor_name(actor: AbstractBaseUser | None) -> str:
    """The full name of the actor, else the user name; "Someone" if there is no actor (any more)."""
    if actor is None:
        return gettext("Someone")
    full_name = getattr(actor, "get_full_name", str)()
    return full_name.strip() or actor.get_username()
