"""Somebody signed in."""

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", password="pw")


@pytest.fixture
def site(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client
