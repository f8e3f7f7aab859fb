"""Every read of the demo site."""

import re
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from . import mentions
from .models import Comment, Follow, Like, Post

PAGE_SIZE = 15


@dataclass(frozen=True, slots=True)
class Feed:
    """One page of posts (each with `likes_count`, `comments_count`, `liked`), the names to link in them."""

    page: Page[Post]
    known: frozenset[str]


@dataclass(frozen=True, slots=True)
class Thread:
    """One post with its comments, oldest first, and the names to link in them."""

    post: Post
    comments: list[Comment]
    known: frozenset[str]


def may_follow(users: set[int], subject: str) -> set[int]:
    """`INBOX_MAY_FOLLOW`: whoever is active may follow a post that is there."""
    label, _colon, key = subject.partition(":")
    if label != Post._meta.label_lower or not re.fullmatch(r"[0-9]{1,18}", key, re.ASCII):
        return set()
    if not Post.objects.filter(pk=int(key)).exists():
        return set()
    return set(User.objects.filter(pk__in=users, is_active=True).values_list("pk", flat=True))


def feed(viewer: User, page: str | int | None = 1, *, author: User | None = None, following: bool = False) -> Feed:
    """The newest posts: of everybody, of `author`, or of those the viewer follows (and their own).

    A page number that is none, or too high, means the nearest there is.
    """
    posts = _posts(viewer)
    if author:
        posts = posts.filter(author=author)
    if following:
        mine = Follow.objects.filter(follower=viewer, active=True, followed=OuterRef("author"))
        posts = posts.filter(Exists(mine) | Q(author=viewer))
    found = Paginator(posts, PAGE_SIZE).get_page(page)
    return Feed(found, mentions.known_names(post.text for post in found))


def thread(viewer: User, pk: int) -> Thread:
    """Raises `Post.DoesNotExist`."""
    post = _posts(viewer).get(pk=pk)
    comments = list(post.comments.select_related("author"))
    return Thread(post, comments, mentions.known_names([post.text, *(comment.text for comment in comments)]))


def people(viewer: User) -> QuerySet[Any]:
    """Everybody active, by name: users with `followers_count`, `posts_count` and `followed` (by the viewer)."""
    active = Q(followers__active=True, followers__follower__is_active=True)
    mine = Follow.objects.filter(follower=viewer, followed=OuterRef("pk"), active=True)
    return (
        User.objects.filter(is_active=True)
        .annotate(
            followers_count=Count("followers", filter=active, distinct=True),
            posts_count=Count("posts", distinct=True),
            followed=Exists(mine),
        )
        .order_by("username")
    )


def person(viewer: User, username: str) -> User:
    """Raises `User.DoesNotExist`."""
    found: User = people(viewer).get(username=username)
    return found


def suggestions(viewer: User, limit: int = 4) -> list[User]:
    """People the viewer doesn't follow yet, the most followed first."""
    others = people(viewer).filter(followed=False).exclude(pk=viewer.pk)
    return list(others.order_by("-followers_count", "username")[:limit])


def others(viewer: User) -> QuerySet[User]:
    """Everybody a post can be shared with."""
    return User.objects.filter(is_active=True).exclude(pk=viewer.pk).order_by("username")


def _posts(viewer: User) -> QuerySet[Post]:
    # Ordered here: Django drops Meta.ordering from a query that aggregates.
    mine = Like.objects.filter(post=OuterRef("pk"), user=viewer, active=True)
    return (
        Post.objects.select_related("author")
        .annotate(
            likes_count=Count("likes", filter=Q(likes__active=True), distinct=True),
            comments_count=Count("comments", distinct=True),
            liked=Exists(mine),
        )
        .order_by("-created_at", "-pk")
    )
