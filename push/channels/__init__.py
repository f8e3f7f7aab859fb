"""Channels: one package each, for people without a connection to us (MQTT; later web push, e-mail).

A channel gets the ids of users whose state may have changed, never the state; it reads the state itself. Protocols by
which clients connect to us are in `push/transports/`.
"""

from collections.abc import Sequence

from inbox.core.snapshots import UserId

from . import mqtt


def changed(users: Sequence[UserId] | None) -> None:
    """These users' state may have changed, or everybody's if None. Returns at once and never raises."""
    mqtt.queue.changed(users)


def recheck(users: Sequence[UserId] | None) -> None:
    """Credentials of these users may have ended, or anybody's if None. Returns at once and never raises."""
    mqtt.queue.recheck(users)


def sweep() -> None:
    """Find what was not published, by whatever went wrong. Returns at once and never raises."""
    mqtt.queue.sweep()
