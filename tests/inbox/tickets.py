"""What tests of tickets need: keys of sessions, and which tickets count."""

from typing import Any

from django.test import Client

from inbox.credentials import tickets

KEY = "k" * 32  # of no session


def counts(*texts: str, opening: bool = True) -> list[bool]:
    """Whether each ticket is accepted."""
    users = tickets.users_of(texts, opening=opening)
    return [text in users for text in texts]


def key_of(user: Any) -> str:
    """The key of a new session of this user."""
    browser = Client()
    browser.force_login(user)
    return str(browser.session.session_key)
