"""A site's faces: a picture for alice, and initials for everybody else."""

from collections.abc import Sequence
from typing import Any


def faces(users: Sequence[Any]) -> dict[Any, dict[str, str]]:
    pictures = {"alice": "/static/site/favicon.svg"}
    return {user.pk: {"picture": pictures.get(user.username, ""), "url": f"/people/{user.username}/"} for user in users}
