"""A refusal never takes the session's cookie away: by the time it arrives, the browser may have a newer one."""

import json

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from inbox.api.shared.problems import problem
from push.refusals import BAD_METHOD, BODY_TOO_BIG, UNAVAILABLE

PATHS = ["/push/poll/", "/push/events/", "/api/v1/unread/", "/api/v1/inbox/", "/api/v1/preferences/"]


@pytest.mark.django_db
@pytest.mark.parametrize("ended", ["deleted", "other password"])
@pytest.mark.parametrize("path", PATHS)
def test_a_refusal_keeps_the_cookie(client: Client, path: str, ended: str) -> None:
    bob = User.objects.create_user("bob", password="pw")
    client.force_login(bob)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    if ended == "deleted":
        client.session.delete()
    else:
        bob.set_password("another")
        bob.save()
    response = client.get(path)
    assert response.status_code in (200, 401)  # the library's own view refuses within the stream
    assert settings.SESSION_COOKIE_NAME not in response.cookies
    assert client.cookies[settings.SESSION_COOKIE_NAME].value == cookie


@pytest.mark.django_db
def test_pages_still_take_a_dead_cookie_away(client: Client) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    assert client.get("/inbox/").cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 0


@pytest.mark.anywhere
def test_a_problem_of_the_push_paths_has_the_title_that_the_api_gives_it() -> None:
    """RFC 9110's phrases on every Python, which once called 413 "Request Entity Too Large"."""
    for refusal in (BODY_TOO_BIG, BAD_METHOD, UNAVAILABLE):
        titles = [json.loads(body)["title"] for body in (refusal.body("en"), problem(refusal.status, "").content)]
        assert titles[0] == titles[1]
    assert json.loads(BODY_TOO_BIG.body("en"))["title"] == "Content Too Large"
