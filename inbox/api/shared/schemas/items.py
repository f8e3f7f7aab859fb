"""What is in an inbox: items, threads, announcements, and pages of these."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from ....models import Level
from .values import Count, Moment, User, Version


class Button(BaseModel):
    """A link below the text of an item."""

    label: str
    lang: str | None = Field(default=None, description="The language of the label, if it is known.")
    url: str = Field(description="http(s), or a path on this site.")


class Actor(BaseModel):
    """Who did what a message tells, as the site shows them."""

    name: str
    picture: str = Field(description="https, a path on this site, or empty.")
    url: str = Field(description="http(s), a path on this site, or empty.")


class Item(BaseModel):
    """One item of the inbox: a message or a broadcast."""

    ref: str
    type: str
    title: str
    body: str = Field(description="Plain text.")
    url: str = Field(description="http(s), a path on this site, or empty.")
    created_at: Moment
    level: Level
    read: bool
    archived: bool
    starred: bool
    important: bool = Field(description="Whether its level or its type is important on this site.")
    snoozed_until: Moment | None = Field(default=None, description="Absent unless it is snoozed: hidden until then.")
    body_html: str | None = Field(default=None, description="Broadcasts only: the text as sanitised HTML.")
    lang: str | None = Field(
        default=None, description="Broadcasts only: the language of title and text, if it is known."
    )
    buttons: list[Button] | None = Field(default=None, description="At most two, if there are any.")
    actor: Actor | None = Field(default=None, description="Who did it, if the site gives faces and they still exist.")
    pressed: int | None = Field(
        default=None, description="Messages only: the position of the button that the user pressed last, if any."
    )
    subject: str | None = Field(default=None, description="What it is about, if that is known: “blog.post:7”.")


class AnnouncementText(BaseModel):
    """What a banner or dialog says."""

    ref: str = Field(examples=["broadcast-4"])
    type: Literal["broadcast"]
    title: str
    body: str = Field(description="Plain text.")
    url: str = Field(description="http(s), a path on this site, or empty.")
    created_at: Moment
    level: Level
    body_html: str | None = Field(default=None, description="The text as sanitised HTML.")
    lang: str | None = Field(default=None, description="The language of title and text, if it is known.")
    buttons: list[Button]


class Announcement(AnnouncementText):
    """A broadcast that is shown as a banner or dialog, or as both."""

    kinds: list[Literal["banner", "dialog"]] = Field(description="What the user has yet to close or to confirm.")


class Trial(AnnouncementText):
    """What the user tries out before it is published; only a page that was open then shows it."""

    kinds: list[Literal["inbox", "banner", "dialog"]] = Field(description="Where it shows; “inbox”: as a toast.")
    seq: int = Field(ge=0, description="Greater for each that is newer; `version % 10**9` of a page that is older.")
    seconds: int = Field(ge=1, description="For how long to show it.")


class Announcements(BaseModel):
    """The banners and dialogs of a user."""

    user: User
    version: Version = Field(description="Read before the items: send it with what the user does to one of them.")
    items: list[Announcement]
    trial: Trial | None = Field(default=None, description="Only for authors who try one out.")


class Page(BaseModel):
    """A page of the inbox, newest first."""

    user: User
    version: Version = Field(description="Read before the items: send it as `up_to` to mark all of this as read.")
    items: list[Item]
    next: str | None = Field(description="Send it as `before` to get the next page; null on the last.")


class Thread(BaseModel):
    """The headline of a thread: items about the same thing. Each broadcast is one."""

    key: str = Field(description="Of a broadcast, its ref.")
    title: str = Field(description="One sentence about the newest item and up to three of those who did the same.")
    items: Count = Field(description="How many chosen items it has; without a filter, no archived or snoozed ones.")
    unread: Count
    moved_at: datetime = Field(description="When an item last arrived or became unread again.")
    newest: Item


class ThreadPage(BaseModel):
    """A page of threads, the last moved first."""

    user: User
    version: Version = Field(description="Read before the threads: send it as `up_to` to mark all of this as read.")
    threads: list[Thread]
    next: str | None = Field(description="Send it as `before` to get the next page; null on the last.")
