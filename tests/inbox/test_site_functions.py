"""The functions that a site names in settings: whatever they do, pages are shown and nothing is sent wrongly."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.template import Context, Template
from django.test import RequestFactory

from inbox import selectors, services
from inbox.core import isolation
from inbox.errors import MayNotFollow, SiteFunctionFailed
from inbox.models import Following, FollowMessage, Send, SendChunk

from .may_follow import may_follow
from .people import people
from .rest import Caller, person, problem
from .services import service

pytestmark = [pytest.mark.urls("notify_site.urls"), pytest.mark.django_db]
TEA = "blog.post:7"


def fail(*given: Any) -> Any:
    raise RuntimeError("not today")


def fail_in_the_middle(users: set[Any], subject: str) -> Iterator[Any]:
    yield from users
    raise RuntimeError("not today")


def fail_in_the_database(*given: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")


BROKEN = {
    "raises": fail,
    "raises in the middle": fail_in_the_middle,
    "a database error": fail_in_the_database,
    "exits": lambda *given: (_ for _ in ()).throw(KeyError(7)),
    "None": lambda *given: None,
    "yes": lambda *given: True,
    "a number": lambda *given: 7,
    "a text": lambda *given: "everybody",
    "no users": lambda users, subject: [*users, None],
    "objects": lambda users, subject: [*users, object()],
    "no such function": "no.such.function",
    "no function": 7,
}


@pytest.fixture(params=BROKEN.values(), ids=BROKEN)
def broken(request: Any, settings: Any) -> Any:
    """Bob follows the tea; then the site's function breaks."""
    settings.INBOX_MAY_FOLLOW = may_follow
    bob = person("bob")
    services.follow(bob, TEA)
    settings.INBOX_MAY_FOLLOW = request.param
    isolation._logged.clear()
    return bob


def button(user: Any, subject: str) -> str:
    request = RequestFactory().get("/")
    request.user = user
    tag = Template("{% load inbox %}{% follow_button post %}")
    return tag.render(Context({"request": request, "post": subject})).strip()


def test_pages_are_shown_and_nobody_may_follow(broken: Any, caplog: Any) -> None:
    """It is logged once, with ids."""
    assert button(broken, "blog.post:8") == ""
    assert 'value="unfollow"' in button(broken, TEA)
    call = Caller(broken)
    assert call.client.get("/inbox/preferences/").status_code == 200
    assert problem(call("PUT", "following/blog.post:8/"), 403)["code"] == "may_not_follow"
    assert call.client.post("/inbox/subjects/", {"act": "follow", "subject": "blog.post:8"}).status_code == 403
    with pytest.raises(MayNotFollow):
        services.follow(broken, "blog.post:8")
    assert Following.objects.get().subject == TEA
    said = f"Asking INBOX_MAY_FOLLOW failed (users {broken.pk}, subject 'blog.post:8')"
    assert [record.message for record in caplog.records if record.name == isolation.__name__] == [said]


def test_a_send_reaches_who_is_named(broken: Any) -> None:
    [ann] = people(1)
    assert services.send([ann], FollowMessage, topic=TEA) == 1
    assert services.send([], FollowMessage, topic=TEA) == 0
    assert [row.recipient_id for row in FollowMessage.objects.all()] == [ann]


def test_a_send_of_a_service_is_queued_and_tried_again(broken: Any, settings: Any) -> None:
    """What it was answered with holds: nobody misses it."""
    [ann] = people(1)
    answer = service()("POST", "messages/", {"type": "follow", "topic": TEA, "recipients": [ann]})
    assert answer.status_code == 202
    send = Send.objects.get()
    assert services.work_off(send.pk)
    send.refresh_from_db()
    assert (send.status, send.reason) == ("pending", "The function that INBOX_MAY_FOLLOW names has failed.")
    assert not FollowMessage.objects.exists()
    settings.INBOX_MAY_FOLLOW = may_follow
    SendChunk.objects.update(retry_at=None)
    while services.work_off(send.pk):
        pass
    send.refresh_from_db()
    assert (send.status, send.created) == ("done", 2)


def test_a_transaction_of_the_caller_goes_on(broken: Any) -> None:
    with transaction.atomic():
        assert not selectors.stance(broken, "blog.post:8").may_follow
        services.silence(broken, TEA)
    assert selectors.stance(broken, TEA).is_silenced


def test_users_may_be_answered_with_in_place_of_their_keys(settings: Any) -> None:
    settings.INBOX_MAY_FOLLOW = lambda users, subject: type(bob).objects.filter(pk__in=users)
    bob = person("bob")
    assert selectors.may_follow([bob.pk], TEA) == {bob.pk}


def test_of_many_users_the_log_names_some(settings: Any, caplog: Any) -> None:
    settings.INBOX_MAY_FOLLOW = fail
    isolation._logged.clear()
    with pytest.raises(SiteFunctionFailed):
        selectors.may_follow(people(9), "blog.post:\n7")
    assert caplog.records[-1].message.endswith(" and 4 more, subject 'blog.post:\\n7')")
