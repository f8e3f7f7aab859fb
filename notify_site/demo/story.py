"""What the demo people did before you came: minutes ago, who, what. Told in order by `seed_demo`."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any

from django.contrib.auth.models import User

from inbox import services as inbox
from inbox.errors import KeyTaken, MayNotFollow
from inbox.models import Scope, Service, ServiceToken, SystemMessage

from . import services
from .models import Post

Deed = Callable[[], object]
DAY = 24 * 60  # minutes
BEGINNING = timedelta(days=6, hours=1)  # ago: before the first deed

POSTS: dict[str, tuple[int, str, str]] = {  # name: minutes ago, author, text
    "welcome": (
        6 * DAY,
        "admin",
        "Welcome! The little red dot (小红点) in the corner moves whenever somebody shares, follows, comments, likes "
        "or mentions you. Open a second browser as somebody else and try it.",
    ),
    "trail": (
        5 * DAY,
        "carol",
        "Walked the ridge trail before work. Eleven kilometres, two foxes, no phone signal. Recommended.",
    ),
    "bread": (3 * DAY + 90, "bob", "Third loaf this week. The crumb is finally open, the kitchen is finally a mess."),
    "release": (
        DAY + 300,
        "alice",
        "The new editor is out today. Six months, one rewrite, zero regrets. Thank you @bob for breaking it so "
        "thoroughly every Friday.",
    ),
    "reading": (
        DAY + 40,
        "bob",
        "Reading club is back: next Thursday at seven, “The Timeless Way of Building”. Bring a friend and an opinion.",
    ),
    "photo": (
        190,
        "carol",
        "The darkroom is open to everybody on Saturday. I’ll bring paper and chemistry, you bring negatives.",
    ),
    "quiet": (75, "alice", "A good notification says one true thing and then gets out of the way."),
}

COMMENTS: tuple[tuple[int, str, str, str], ...] = (  # minutes ago, author, on which post, text
    (5 * DAY - 60, "alice", "trail", "Foxes! Which side of the river?"),
    (5 * DAY - 90, "bob", "trail", "Adding it to the list for Sunday, thanks."),
    (3 * DAY, "carol", "bread", "This looks wonderful. What flour do you use?"),
    (DAY + 250, "bob", "release", "I have already found something. Happy Friday."),
    (DAY + 240, "carol", "release", "Congratulations! The outline view alone is worth it."),
    (DAY + 10, "alice", "reading", "I’m in. @carol you said you wanted to read this one?"),
    (150, "bob", "photo", "Could I bring a box of very old film? No promises about what’s on it."),
    (60, "bob", "quiet", "Framing this."),
    (35, "carol", "quiet", "And never asks twice. @bob can we print it for the studio wall?"),
    (2 * DAY + 100, "carol", "bread", "And is it rye? It looks like rye."),
    (2 * DAY - 60, "carol", "trail", "@bob the foxes were on your side of the river this morning."),
    (20, "alice", "bread", "Save me a slice of the fourth one."),
)

TALK = (  # below the post on the reading club, by Carol and Alice in turn, a minute apart: a thread of sixty for Bob
    "I have read the first ten patterns twice already.",
    "Only ten? I could not put it down.",
    "Which edition do you have?",
    "The old one, with the brown cover.",
    "Mine smells of somebody’s cellar.",
    "That is how you know it is good.",
    "Shall we meet at the studio?",
    "The studio has four chairs.",
    "Then we stand. Bob stands anyway.",
    "He walks up and down and calls it thinking.",
    "What about the café by the lock?",
    "Closed on Thursdays, sadly.",
    "The library has a room until nine.",
    "The one with the humming lamp?",
    "They have mended it, I asked.",
    "Then the library it is.",
    "I can bring tea.",
    "I can bring the bread that Bob promised.",
    "He promised the fourth loaf to me.",
    "There will be a fifth, I believe in him.",
    "Do we read all of it for Thursday?",
    "Chapters one to nine, I would say.",
    "Nine is the one about gates?",
    "No, gates are ten. Nine is the flower and the seed.",
    "I underlined half of that page.",
    "In a borrowed book?",
    "In pencil!",
    "The librarian will find you.",
    "She lent me the pencil.",
    "Should we ask Ada to come?",
    "She said she has a release that evening.",
    "She always has a release.",
    "Then we tell her afterwards.",
    "I will take notes.",
    "Last time your notes were drawings.",
    "They were very exact drawings.",
    "What is your favourite pattern so far?",
    "Windows on two sides of every room.",
    "I moved my desk because of that one.",
    "And?",
    "And now the cat has my desk.",
    "The cat knows about patterns.",
    "Mine is the quiet back.",
    "You would say that.",
    "I need a place without a phone signal.",
    "You have a whole ridge for that.",
    "Could we walk and talk about it instead?",
    "In November?",
    "With a thermos.",
    "Half an hour of walking, then the library.",
    "Agreed.",
    "Agreed. Who writes to Bob?",
    "He gets all of this as notifications anyway.",
    "All of it? Poor Bob.",
    "Hello Bob!",
    "See you on Thursday.",
    "Bring the fifth loaf.",
)
TALK_BEGAN = DAY + 9  # minutes ago

LIKES: tuple[tuple[int, str, str], ...] = (  # minutes ago, who, which post
    (5 * DAY - 30, "bob", "welcome"),
    (3 * DAY - 40, "alice", "bread"),
    (2 * DAY + 90, "carol", "bread"),
    (DAY + 280, "carol", "release"),
    (DAY + 20, "carol", "reading"),
    (140, "alice", "photo"),
    (55, "bob", "quiet"),
    (15, "alice", "reading"),
)

FOLLOWS: tuple[tuple[int, str, str], ...] = (  # minutes ago, who, whom
    (6 * DAY - 30, "alice", "bob"),
    (6 * DAY - 40, "bob", "carol"),
    (4 * DAY, "carol", "alice"),
    (100, "bob", "alice"),
    (12, "carol", "bob"),
)

FOLLOWED: tuple[tuple[int, str, str], ...] = (  # minutes ago, who, which post: what others write there reaches them
    (3 * DAY - 10, "carol", "bread"),
    (DAY + 200, "carol", "release"),
    (180, "alice", "photo"),
    (148, "bob", "photo"),
    (70, "carol", "quiet"),
)

SILENCED: tuple[tuple[int, str, str, timedelta | None], ...] = (  # minutes ago, who, which post, for how long
    (90, "alice", "release", timedelta(days=7)),
    (50, "bob", "welcome", None),
)

STUDIO = "Studio"  # another program, with a token of its own
ANNOUNCED: tuple[tuple[int, str, dict[str, Any], dict[str, Any] | None], ...] = (
    # minutes ago, key, what the studio sent to everybody, and its new words; None: it was recalled
    (
        4 * 60,
        "saturday",
        {"title": "The darkroom opens at ten on Saturday", "body": "Bring negatives and a friend.", "url": "/"},
        {"title": "The darkroom opens at eleven on Saturday", "body": "An hour later than we wrote. Bring negatives."},
    ),
    (
        45,
        "noon",
        {"title": "The studio closes at noon today", "body": "Please be out by twelve.", "level": "warning"},
        None,
    ),
)

ALARM: dict[str, Any] = {  # to Bob, five minutes ago
    "title": "New sign-in to your account from Lisbon",
    "body": "With Firefox on Linux. If this was not you, choose another password now.",
    "level": "critical",
    "buttons": [
        {"label": "It was me", "url": "/", "labels": {"de": "Das war ich", "zh-hans": "是我本人"}},
        {"label": "It was not me", "url": "/people/", "labels": {"de": "Das war ich nicht", "zh-hans": "不是我"}},
    ],
}
ALARM_AGO = 5

SHARES: tuple[tuple[int, str, str, str, str], ...] = (  # minutes ago, who, which post, with whom, note
    (2 * DAY, "alice", "trail", "bob", "Sunday?"),
    (120, "carol", "photo", "alice", "Your grandmother’s negatives!"),
    (8, "alice", "photo", "bob", "We should go together."),
)


class Story:
    """The deeds above as calls, oldest first, told by `people` (by user name) up to `now`."""

    def __init__(self, people: dict[str, User], now: datetime) -> None:
        self.people, self.now = people, now
        self.posts: dict[str, Post] = {}

    def tell(self) -> None:
        """Do all of it. Inboxes are ordered by arrival, so it must happen in the order of time."""
        for _ago, deed in sorted(self._deeds(), key=lambda pair: -pair[0]):
            deed()

    def _deeds(self) -> Iterator[tuple[int, Deed]]:
        for name, (ago, _author, _text) in POSTS.items():
            yield ago, partial(self._post, name)
        for ago, who, post, text in COMMENTS:
            yield ago, partial(self._comment, ago, who, post, text)
        for n, text in enumerate(TALK):
            yield TALK_BEGAN - n, partial(self._comment, TALK_BEGAN - n, ("carol", "alice")[n % 2], "reading", text)
        for ago, who, post in LIKES:
            yield ago, partial(self._like, ago, who, post)
        for ago, who, whom in FOLLOWS:
            yield ago, partial(self._follow, ago, who, whom)
        for ago, who, post, whom, note in SHARES:
            yield ago, partial(self._share, ago, who, post, whom, note)
        for ago, who, post in FOLLOWED:
            yield ago, partial(self._follow_post, who, post)
        for ago, who, post, lasting in SILENCED:
            yield ago, partial(self._silence, who, post, lasting)
        for ago, key, columns, rewritten in ANNOUNCED:
            yield ago, partial(self._announce, ago, key, columns, rewritten)
        yield ALARM_AGO, self._alarm

    def _at(self, ago: int) -> datetime:
        return self.now - timedelta(minutes=ago)

    def _post(self, name: str) -> None:
        ago, author, text = POSTS[name]
        self.posts[name] = services.write_post(self.people[author], text, at=self._at(ago))

    def _comment(self, ago: int, who: str, post: str, text: str) -> None:
        services.write_comment(self.people[who], self.posts[post], text, at=self._at(ago))

    def _like(self, ago: int, who: str, post: str) -> None:
        services.set_like(self.people[who], self.posts[post], liked=True, at=self._at(ago))

    def _follow(self, ago: int, who: str, whom: str) -> None:
        services.set_follow(self.people[who], self.people[whom], following=True, at=self._at(ago))

    def _follow_post(self, who: str, post: str) -> None:
        with suppress(MayNotFollow):  # a site of other rules
            inbox.follow(self.people[who], self.posts[post])

    def _silence(self, who: str, post: str, lasting: timedelta | None) -> None:
        inbox.silence(self.people[who], self.posts[post], lasting=lasting)

    def _announce(self, ago: int, key: str, columns: dict[str, Any], rewritten: dict[str, Any] | None) -> None:
        """As another program would, so that administrators find the send and what became of it."""
        message = inbox.draft(SystemMessage, created_at=self._at(ago), **columns)
        everybody = sorted(person.pk for person in self.people.values())
        try:
            [send] = inbox.start_sends([inbox.Order(message, everybody, key=key)], self._studio)
        except KeyTaken:  # the story was told before, and its posts are deleted since
            return
        if rewritten is None:
            inbox.recall(send.pk)
        else:
            inbox.rewrite(send.pk, rewritten)

    @cached_property
    def _studio(self) -> ServiceToken:
        """Its token, which nobody has, is revoked at once."""
        left = Service.objects.filter(name=STUDIO, tokens=None).first()  # by an admin who was deleted since
        inbox.create_token(STUDIO, self.people["admin"], [Scope.MESSAGES_WRITE], service=left)
        token = ServiceToken.objects.filter(name=STUDIO).latest("pk")
        inbox.revoke_token(token)
        return token

    def _alarm(self) -> None:
        inbox.send([self.people["bob"]], SystemMessage, created_at=self._at(ALARM_AGO), **ALARM)

    def _share(self, ago: int, who: str, post: str, whom: str, note: str) -> None:
        services.share_post(self.people[who], self.posts[post], [self.people[whom]], note, at=self._at(ago))
