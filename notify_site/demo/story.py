"""What the demo people did before you came: minutes ago, who, what. Told in order by `seed_demo`."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from django.contrib.auth.models import User

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
    (20, "alice", "bread", "Save me a slice of the fourth one."),
)

LIKES: tuple[tuple[int, str, str], ...] = (  # minutes ago, who, which post
    (5 * DAY - 30, "bob", "welcome"),
    (3 * DAY - 40, "alice", "bread"),
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
        for ago, who, post in LIKES:
            yield ago, partial(self._like, ago, who, post)
        for ago, who, whom in FOLLOWS:
            yield ago, partial(self._follow, ago, who, whom)
        for ago, who, post, whom, note in SHARES:
            yield ago, partial(self._share, ago, who, post, whom, note)

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

    def _share(self, ago: int, who: str, post: str, whom: str, note: str) -> None:
        services.share_post(self.people[who], self.posts[post], [self.people[whom]], note, at=self._at(ago))
