"""Processes that start with other settings: those that are part of states are recorded, and count for all."""

from unittest.mock import patch

from django.test import override_settings
from django.utils.timezone import timedelta
from hypothesis import strategies as st
from hypothesis.stateful import rule

from inbox import conf
from inbox.models import BroadcastClock

from .reality import Reality


class Restarts(Reality):
    def begin(self) -> None:
        """The settings of the test are recorded."""
        super().begin()
        recorded = {"unread_cap": conf.unread_cap(), "important": conf.important(), "settings_at": self.now}
        BroadcastClock.objects.update_or_create(pk=BroadcastClock.THE_ONE, defaults=recorded)

    @rule(
        important=st.sampled_from([["critical"], [], ["comment", "critical"], ["info", "broadcast"]]),
        cap=st.none() | st.integers(1, 3),
    )
    def restart(self, important: list[str], cap: int | None) -> None:
        """The state of everybody changes if the settings do."""
        before = conf.unread_cap(), conf.important()
        self.time.shift(timedelta(seconds=1))
        changes = {"INBOX_IMPORTANT": important, **({} if cap is None else {"INBOX_UNREAD_CAP": cap})}
        self.stack.enter_context(override_settings(**changes))
        self.stack.enter_context(patch.object(conf, "STARTED", self.now))
        self.ticked |= before != (conf.unread_cap(), conf.important())
        self.world.important = conf.important()
