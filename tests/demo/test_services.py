"""Whose dot moves when somebody does something on the demo site."""

import pytest
from django.contrib.auth.models import User

from inbox.models import CommentMessage, FollowMessage, LikeMessage, MentionMessage, ShareMessage
from inbox.selectors import snapshot
from notify_site.demo import services
from notify_site.demo.models import Like, Post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", first_name="Alice", last_name="Moreau")


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob")


@pytest.fixture
def carol() -> User:
    return User.objects.create_user("carol")


@pytest.fixture
def post(bob: User) -> Post:
    return services.write_post(bob, "Third loaf this week")


def unread(user: User) -> dict[str, int]:
    return snapshot(user.pk).by_type


def test_comment_tells_the_author_of_the_post(alice: User, bob: User, post: Post) -> None:
    comment = services.write_comment(alice, post, "What flour\ndo you use?")
    message = CommentMessage.objects.get(recipient=bob)
    assert (message.actor, message.url) == (alice, f"/posts/{post.pk}/#comment-{comment.pk}")
    assert (message.target_title, message.excerpt) == ("Third loaf this week", "What flour do you use?")
    assert unread(bob) == {"comment": 1}
    assert unread(alice) == {}


def test_mention_tells_the_mentioned(alice: User, bob: User, carol: User, post: Post) -> None:
    services.write_comment(alice, post, "@carol and @carol, see this. mail me@bob.example @nobody")
    assert unread(carol) == {"mention": 1}
    assert MentionMessage.objects.get(recipient=carol).target_title == "Third loaf this week"
    assert unread(bob) == {"comment": 1}


def test_author_mentioned_in_a_comment_is_told_once(alice: User, bob: User, post: Post) -> None:
    services.write_comment(alice, post, "@bob look")
    assert unread(bob) == {"comment": 1}


def test_mention_in_a_post(alice: User, bob: User) -> None:
    made = services.write_post(alice, "Thanks @bob. And @alice.")
    assert MentionMessage.objects.get(recipient=bob).url == f"/posts/{made.pk}/"
    assert unread(alice) == {}


def test_inactive_people_are_not_mentioned(alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    services.write_post(alice, "Hi @bob")
    assert not MentionMessage.objects.exists()


def test_like_tells_once_however_often(alice: User, bob: User, post: Post) -> None:
    for liked in (True, False, True, True):
        services.set_like(alice, post, liked=liked)
    assert LikeMessage.objects.filter(recipient=bob).count() == 1
    assert Like.objects.get().active


def test_follow_tells_once_however_often(alice: User, bob: User) -> None:
    for following in (True, False, True):
        services.set_follow(alice, bob, following=following)
    assert FollowMessage.objects.get(recipient=bob).url == "/people/alice/"


def test_share_tells_those_it_is_shared_with(alice: User, bob: User, carol: User, post: Post) -> None:
    assert services.share_post(alice, post, [alice, bob, carol], "Sunday?") == 2
    message = ShareMessage.objects.get(recipient=carol)
    assert (message.resource_title, message.note) == ("Third loaf this week", "Sunday?")
    assert unread(bob) == {"share": 1}


def test_nobody_hears_of_their_own_doing(bob: User, post: Post) -> None:
    services.write_comment(bob, post, "@bob says")
    services.set_like(bob, post, liked=True)
    services.set_follow(bob, bob, following=True)
    services.share_post(bob, post, [bob])
    assert unread(bob) == {}


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("short", "short"),
        ("a\n b", "a b"),
        ("word " * 20, "word word word word word word word word…"),
        ("红" * 60, "红" * 43 + "…"),
    ],
)
def test_title_is_one_short_line(text: str, title: str) -> None:
    assert services.title_of(Post(text=text)) == title
