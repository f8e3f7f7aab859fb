"""Every write of the demo site, and the messages each one sends.

A post or comment is committed first and its messages are sent after it, each send in its own transaction: two sends
inside one would lock mailboxes in an order of their own (docs/ARCHITECTURE.md, rule 1).
Nobody is ever told of what they did themselves. `at` is when it happened, if not now (demo data has a past).
"""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from inbox import services as inbox
from inbox.models import CommentMessage, FollowMessage, LikeMessage, MentionMessage, ShareMessage

from . import mentions
from .models import Comment, Follow, Like, Post

TITLE_LENGTH = 44  # characters of a post that stand for it in somebody's inbox
EXCERPT_LENGTH = 140


def title_of(post: Post) -> str:
    """One line that stands for a post."""
    return _one_line(post.text, TITLE_LENGTH)


def write_post(author: User, text: str, at: datetime | None = None, form_key: str = "") -> Post:
    """Publish a post and tell those it mentions. Raises AlreadySubmitted, as all that takes the key of a form."""
    with transaction.atomic():
        inbox.claim_form(form_key, text)
        post = Post.objects.create(author=author, text=text, created_at=at or timezone.now())
    _mention(author, text, post, post.get_absolute_url(), {author.pk}, post.created_at)
    return post


def write_comment(author: User, post: Post, text: str, at: datetime | None = None, form_key: str = "") -> Comment:
    """Add a comment; tell the post's author and followers, and those it mentions (the author once, as its author)."""
    with transaction.atomic():
        claim = inbox.claim_form(form_key, text)
        comment = Comment.objects.create(post=post, author=author, text=text, created_at=at or timezone.now())
        url = comment.get_absolute_url()
        inbox.settle_form(claim, url)
    inbox.send(
        [post.author_id],
        CommentMessage,
        actor=author,
        url=url,
        topic=post,
        target_title=title_of(post),
        excerpt=_one_line(text, EXCERPT_LENGTH),
        created_at=comment.created_at,
    )
    _mention(author, text, post, url, {author.pk, post.author_id}, comment.created_at)
    return comment


def set_like(user: User, post: Post, *, liked: bool, at: datetime | None = None) -> None:
    """Like a post or take the like back; its author hears of the first time only."""
    if not liked:
        Like.objects.filter(post=post, user=user).update(active=False)
        return
    _, first = Like.objects.update_or_create(post=post, user=user, defaults={"active": True})
    if first and post.author_id != user.pk:
        inbox.send(
            [post.author_id],
            LikeMessage,
            actor=user,
            url=post.get_absolute_url(),
            target=post,
            target_title=title_of(post),
            created_at=at or timezone.now(),
        )


def set_follow(follower: User, followed: User, *, following: bool, at: datetime | None = None) -> None:
    """Follow somebody or stop; they hear of the first time only. Following oneself does nothing."""
    if follower.pk == followed.pk:
        return
    if not following:
        Follow.objects.filter(follower=follower, followed=followed).update(active=False)
        return
    _, first = Follow.objects.update_or_create(follower=follower, followed=followed, defaults={"active": True})
    if first:
        url = reverse("profile", args=[follower.get_username()])
        inbox.send([followed], FollowMessage, actor=follower, url=url, created_at=at or timezone.now())


def share_post(
    sharer: User, post: Post, people: Iterable[User], note: str = "", at: datetime | None = None, form_key: str = ""
) -> int:
    """Send a post to people, with a note; returns how many were told (the sharer is not)."""
    with transaction.atomic():
        people = list(people)
        inbox.claim_form(form_key, (sorted(person.pk for person in people), note))
        return inbox.send(
            [person for person in people if person.pk != sharer.pk],
            ShareMessage,
            actor=sharer,
            url=post.get_absolute_url(),
            target=post,
            resource_title=title_of(post),
            note=note,
            created_at=at or timezone.now(),
        )


def _mention(actor: User, text: str, post: Post, url: str, told: set[int], at: datetime) -> None:
    people = User.objects.filter(username__in=mentions.names(text), is_active=True).exclude(pk__in=told)
    if people:
        inbox.send(
            people,
            MentionMessage,
            actor=actor,
            url=url,
            target=post,
            target_title=title_of(post),
            excerpt=_one_line(text, EXCERPT_LENGTH),
            created_at=at,
        )


def _one_line(text: str, length: int) -> str:
    """`text` without line breaks, cut between two words where it has spaces."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    return line[: length - 1].rsplit(" ", 1)[0].rstrip(" ,.;:!?“(") + "…"
