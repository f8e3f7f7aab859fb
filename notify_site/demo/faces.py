"""The faces of the demo's people: drawn from their keys, so that no picture of anybody is needed."""

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import User
from django.urls import reverse

SKINS = ("#f2c9a1", "#e0ac7e", "#c68642", "#8d5524", "#ffdbac")
HAIR = ("#2b1d0e", "#5a3825", "#a55728", "#d8b04c", "#1c1c1c", "#8c8c8c")
SHIRTS = ("#3b6fb5", "#b5523b", "#3b9b6f", "#7a4fb0", "#c2902c", "#4a4a55")
GROUNDS = ("#dbe7f5", "#f5e3db", "#dff3e6", "#ece2f7", "#f7efd9")
HAIRCUTS = (
    '<path d="M18 30a14 14 0 0 1 28 0c-5-6-9-8-14-8s-9 2-14 8z"/>',
    '<path d="M17 44V30a15 15 0 0 1 30 0v14h-5V31c-4-2-7-4-10-7-3 3-6 5-10 7v13z"/>',
    '<circle cx="32" cy="14" r="6"/><path d="M18 31a14 14 0 0 1 28 0c-4-7-9-9-14-9s-10 2-14 9z"/>',
    '<path d="M18 27c0-10 6-14 14-14s15 4 14 14c-3-3-6-5-8-5-4 2-14 0-20 5z"/>',
)


def faces(users: Sequence[User]) -> Mapping[object, Mapping[str, str]]:
    """For `INBOX_ACTORS`: in one go, and without a query."""
    return {user.pk: {"picture": reverse("face", args=[user.pk]), "url": _page_of(user)} for user in users}


def _page_of(user: User) -> str:
    name = user.get_username()
    return "" if "/" in name else reverse("profile", args=[name])


def drawing(pk: int) -> str:
    """An SVG of 64 by 64: always the same for a key, and unlike its neighbours."""
    skin, hair, shirt = SKINS[pk * 3 % 5], HAIR[pk * 5 % 6], SHIRTS[pk * 7 % 6]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        f'<rect width="64" height="64" fill="{GROUNDS[pk % 5]}"/>'
        f'<path d="M10 64c0-13 9-19 22-19s22 6 22 19z" fill="{shirt}"/>'
        f'<path d="M27 40h10v8a5 5 0 0 1-10 0z" fill="{skin}"/><circle cx="32" cy="31" r="13" fill="{skin}"/>'
        f'<g fill="{hair}">{HAIRCUTS[pk % 4]}</g>'
        '<g fill="#222"><circle cx="27" cy="32" r="1.6"/><circle cx="37" cy="32" r="1.6"/></g>'
        '<path d="M27 37.5q5 4 10 0" fill="none" stroke="#222" stroke-width="1.5" stroke-linecap="round"/></svg>'
    )
