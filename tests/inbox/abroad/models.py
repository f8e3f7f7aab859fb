"""A user model without much of Django's, and messages of the site's own."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

from inbox.models import CommentMessage, Message


class ActivePeople(BaseUserManager["Person"]):
    def get_queryset(self) -> models.QuerySet["Person"]:
        return super().get_queryset().filter(is_active=True)


class Person(AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[Any] = ActivePeople()
    USERNAME_FIELD = "email"


class Plain(AbstractBaseUser):
    """Neither staff nor groups, and keys that are words."""

    name = models.CharField(primary_key=True, max_length=40)
    USERNAME_FIELD = "name"


class Numbered(AbstractBaseUser):
    """Keys are given by the site, and may be larger than JavaScript can count."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=40, unique=True)

    objects: ClassVar[Any] = BaseUserManager["Numbered"]()
    USERNAME_FIELD = "name"


class Friend(Person):
    class Meta:
        proxy = True


class Post(models.Model):
    author = models.ForeignKey(Person, models.CASCADE)

    def __str__(self) -> str:
        return f"post {self.pk}"


class ParcelMessage(Message):
    """Its key is made in Python."""

    title_format = "A parcel with {content}"
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    content = models.CharField(max_length=100)


class ReplyMessage(Message):
    """It goes with what it is about."""

    title_format = "{actor} replied"
    post = models.ForeignKey(Post, models.CASCADE)
    to = models.ForeignKey("self", models.CASCADE, null=True, blank=True)


class AnswerToSomethingThatWasAskedLongAgoMessage(Message):
    """Its class has a name too long for the names of indexes, and was called otherwise once."""

    inbox_type = "answer"
    title_format = "{actor} answered {question}"
    question = models.CharField(max_length=100)
    about = models.ForeignKey(Post, models.SET_NULL, null=True, blank=True)


class PinnedMessage(CommentMessage):
    class Meta:
        proxy = True
