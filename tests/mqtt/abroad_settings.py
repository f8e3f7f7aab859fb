"""The site of tests/inbox/abroad, whose users have UUIDs (or words) for keys, with `push` in it."""

from tests.inbox.abroad.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "push"]  # noqa: F405
EVENTSTREAM_CHANNELMANAGER_CLASS = "push.transports.eventstream.ChannelManager"
EVENTSTREAM_STORAGE_CLASS = "push.transports.eventstream.Storage"
