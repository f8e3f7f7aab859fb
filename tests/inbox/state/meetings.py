"""A machine with few rules and one person, so that what they do meets: a snooze what ends it, an undo what came since.

How often it does so is counted (`World.meet`): a rule that holds wherever it was tried shows nothing if nothing met it.
"""

from collections import Counter
from collections.abc import Callable, Collection
from itertools import product
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RULE_MARKER, precondition, rule

from .acts import Acts
from .lists import has_things
from .messages import SUBJECTS
from .people import People
from .sends import Sends
from .subjects import Subjects

RULES = ["act", "snooze", "undo", "mark_all", "change_chosen", "visit", "reply", "send", "send_as_a_service", "recall"]
RULES += ["rewrite", "wait", "choose"]
RETURNS = ["an act", "an arrival", "a rewrite", "its time", "undo"]
MEETINGS = [
    *(f"{who} what came back by {why}" for who, why in product(["mark-all spares", "undo skips"], RETURNS)),
    *(f"{who} spares what came back by {why}" for who, why in product(["a visit", "an act on many"], RETURNS)),
    *(f"undo spares what came back by {why}" for why in ["a rewrite", "undo"]),
    *(f"{what} ends a snooze in its thread" for what in ["an arrival", "a rewrite"]),
    *(f"an arrival replaces a {marked} one" for marked in ["snoozed", "starred"]),
    *(
        "a rewrite of a snoozed one",
        "a rewrite ends its own snooze",
        "a rewrite returns an archived one",
        "one arrives about a silenced subject",
    ),
    *("a recall of a snoozed one", "a recall of a part of a thread"),
    *("undo of a snooze", "undo snoozes again"),
]


def only(machine: type[Any], rules: Collection[str]) -> type[Any]:
    """The machine with these rules. They may still call the others."""
    found = {name: method for name in dir(machine) if hasattr(method := getattr(machine, name), RULE_MARKER)}
    return type(machine.__name__, (machine,), {name: _plain(found[name]) for name in found.keys() - rules})


def _plain(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return call


class Everything(Acts, Sends, Subjects, People):
    pass


class Meetings(only(Everything, RULES)):  # type: ignore[misc]
    first = (False,)
    met: ClassVar[Counter[str]] = Counter()  # by what has met, in how many histories

    def begin(self) -> None:
        super().begin()
        self.send_as_a_service([0], "comment", None, "tea", "/tea", {"target": SUBJECTS[0]})

    # What is rare by the rules alone

    @has_things
    @rule(which=st.integers(0, 2), act=st.sampled_from(["read or unread", "read or unread", "archive", "star"]))
    def turn(self, which: int, act: str) -> None:
        """One of the oldest, so that several acts change the same one."""
        _thing, marks = self.pick(list(self.world.in_reach(self.person(0).pk)), which)
        turned = "mark_unread" if marks.read_at else "mark_read"
        self.act(0, [which], turned if act == "read or unread" else act, None)

    @rule()
    def send_once_more(self) -> None:
        """It replaces what has its key."""
        self.send([0], "comment", None, "tea", "/tea", {})

    @precondition(lambda self: bool(self.world.deeds))
    @rule(which=st.integers(0, 4))
    def undo_what_is_recent(self, which: int) -> None:
        self.undo(which, 0)

    def teardown(self) -> None:
        self.met.update(self.world.met)
        super().teardown()
