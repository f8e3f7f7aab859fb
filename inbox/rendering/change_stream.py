"""The event stream that says when something may have changed, for pages that update by themselves. The inbox holds no
connections: another app names its own in `AppConfig.ready`. Without one, the pages ask every few seconds."""

from django.urls import NoReverseMatch, reverse

_route = ""


def use(route: str) -> None:
    """`route`: the name of a URL that answers with `text/event-stream`, and a message without content for each
    change."""
    global _route
    _route = route


def address() -> str:
    """ "" if there is none, or if the site has not mounted it."""
    try:
        return reverse(_route) if _route else ""
    except NoReverseMatch:
        return ""
