"""What people follow and silence, and what the site lets them follow."""

from typing import Any

import pytest
from django.utils.timezone import timedelta
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from inbox import selectors, services
from inbox.errors import MayNotFollow

from .. import may_follow
from .messages import SUBJECTS, subject
from .reality import Reality, one

CHOICES = ["silence", "silence_for_a_while", "unsilence", "follow", "follow", "unfollow"]
CHOICES += ["change_who_may", "change_what_may_be_followed"]
choices = st.sampled_from(CHOICES)


class Subjects(Reality):
    """None of it changes what anybody sees: it counts for what arrives later."""

    @rule(who=one, about=subject, what=choices)
    def choose(self, who: int, about: str, what: str) -> None:
        getattr(self, what)(self.person(who).pk, about)
        self.world.note_unsteady()

    def silence(self, user: Any, about: str, lasting: timedelta | None = None) -> None:
        services.silence(user, about, lasting=lasting)
        self.world.silences[user, about] = None if lasting is None else self.now + lasting

    def silence_for_a_while(self, user: Any, about: str) -> None:
        self.silence(user, about, timedelta(minutes=5))

    def unsilence(self, user: Any, about: str) -> None:
        assert services.unsilence(user, about) == self.world.is_silenced(user, about, self.now)
        self.world.silences.pop((user, about), None)

    def follow(self, user: Any, about: str) -> None:
        if not self.world.may_follow(user, about):
            with pytest.raises(MayNotFollow):
                services.follow(user, about)
            return
        assert services.follow(user, about) == ((user, about) not in self.world.follows)
        self.world.follows.add((user, about))

    def unfollow(self, user: Any, about: str) -> None:
        assert services.unfollow(user, about) == ((user, about) in self.world.follows)
        self.world.follows.discard((user, about))

    def change_who_may(self, user: Any, _about: str) -> None:
        """The site forbids this person to follow, or allows it again."""
        self.world.refused ^= {user}
        may_follow.refused ^= {user}

    def change_what_may_be_followed(self, _user: Any, about: str) -> None:
        self.world.refused ^= {about}
        may_follow.refused ^= {about}

    @precondition(lambda self: bool(self.world.follows or self.world.silences))
    @rule(who=one)
    def stances(self, who: int) -> None:
        user = self.person(who).pk
        followed = {row.subject for row in selectors.following_page(user, limit=100).items}
        silenced = {row.subject: row.until for row in selectors.silences_page(user, limit=100).items}
        assert followed == {about for pk, about in self.world.follows if pk == user}
        expected = {about for about in SUBJECTS if self.world.is_silenced(user, about, self.now)}
        assert silenced == {about: self.world.silences[user, about] for about in expected}
