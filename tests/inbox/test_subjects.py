"""What a message is about: by every way in, as it was given, on the item."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from inbox import selectors, services
from inbox.core.subjects import MAX_LENGTH, subject_of
from inbox.errors import BadValue
from inbox.internals.models import PROXIES
from inbox.models import CommentMessage, FollowMessage, event_types

from .people import people
from .rest import person, problem
from .services import COLUMNS, service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere]

SUBJECTS = ["blog.post:7", "blog.post:a b/c:d?#%", "blog.post:" + "x" * (MAX_LENGTH - 10), "blog.post:😀\n"]
NO_SUBJECTS = ["", "blog", "blog.post", "blog.post:", "blog:7", ".post:7", "blog.:7", "a.b.c:7", "b log.post:7"]
UNSTORABLE = ["blog.post:\x00", "blog.post:\ud800", "blog.post:" + "x" * (MAX_LENGTH - 9)]


def subject_in_inbox(user: Any) -> Any:
    return selectors.inbox_page(user).items[0].as_dict().get("subject")


def test_an_object_has_the_subject_of_its_table(user: int) -> None:
    assert subject_of(User.objects.get(pk=user)) == f"auth.user:{user}"
    [proxy] = [proxy for proxy in PROXIES if issubclass(proxy, FollowMessage)]
    FollowMessage.objects.create(recipient_id=user)
    assert subject_of(proxy.objects.get()).startswith("inbox.followmessage:")
    with pytest.raises(BadValue, match="no key"):
        subject_of(User(username="new"))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_any_key_of_an_object_is_kept_as_it_is(user: int, subject: str) -> None:
    services.send([user], FollowMessage, target=subject)
    assert subject_in_inbox(user) == subject


@pytest.mark.parametrize("subject", NO_SUBJECTS + UNSTORABLE)
def test_what_has_not_the_form_of_a_subject_is_refused(user: int, subject: str) -> None:
    with pytest.raises(BadValue):
        services.send([user], FollowMessage, target=subject)
    assert selectors.inbox_page(user).items == []


@pytest.mark.parametrize("recipients", [1, 3])
def test_a_target_is_on_all_items_of_a_send(recipients: int) -> None:
    to, about = people(recipients), User.objects.create(username="tea")
    services.send(to, CommentMessage, target=about, target_title="Tea")
    assert {subject_in_inbox(user) for user in to} == {f"auth.user:{about.pk}"}


def test_without_a_target_an_item_has_no_subject(user: int) -> None:
    services.send([user], FollowMessage)
    FollowMessage.objects.create(recipient_id=user)
    assert [item.subject for item in selectors.inbox_page(user).items] == ["", ""]
    assert "subject" not in selectors.inbox_page(user).items[0].as_dict()


def test_plain_orm_use_may_set_it(user: int) -> None:
    FollowMessage.objects.create(recipient_id=user, subject="blog.post:7")
    assert selectors.newest({user: 0}, "follow")[user].subject == "blog.post:7"


class TestOverTheApi:
    @pytest.mark.parametrize("type", sorted(COLUMNS))
    def test_every_type_takes_one(self, type: str) -> None:
        bob = person("bob")
        body = {"type": type, "recipients": ["bob"], "subject": "blog.post:7", **COLUMNS[type]}
        assert service()("POST", "messages/", body).status_code == 201
        assert subject_in_inbox(bob) == event_types()[type].objects.get().subject == "blog.post:7"

    @pytest.mark.parametrize("subject", [*NO_SUBJECTS, *UNSTORABLE[::2], 7, None])
    def test_others_are_named_in_the_answer(self, subject: Any) -> None:
        person("bob")
        answer = service()("POST", "messages/", {"type": "follow", "recipients": ["bob"], "subject": subject})
        assert problem(answer, 422)["errors"][0]["pointer"] == "/subject"
        assert not FollowMessage.objects.exists()
