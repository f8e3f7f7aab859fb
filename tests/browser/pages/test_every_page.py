"""Every page, visited once: nothing is wrong with its policy, its markup, its names, its looks or its width."""

import re
from typing import Any

import pytest
from django.contrib.admin import site as site_of_admin
from django.urls import reverse

from inbox.admin.rows import MessageAdmin
from tests.browser.axe import violations
from tests.browser.conftest import Browse
from tests.browser.pages.conftest import Listening
from tests.browser.pages.stops import STOPS
from tests.browser.pages.validator import validate
from tests.browser.pages.walk import DESKTOP, DOM, PHONE, TOO_WIDE, Walk, reach, sign_in
from tests.servers import Site

ARABIC = "النسخة الاحتياطية جاهزة الآن"
PROVOKED = re.compile("ERR_INTERNET_DISCONNECTED|status of 422")  # by who is offline, by a form that is refused


@pytest.fixture(scope="module")
def walk(listening: Listening, told_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    context, heard = listening
    tell_bob(told_site)
    walk = Walk(context, heard, tmp_path_factory.mktemp("kept"))
    try:
        walk.go(told_site)
    finally:
        context.set_offline(False)
    return walk


def tell_bob(site: Site) -> None:
    """Long words, Arabic and levels."""
    word = "Donaudampfschifffahrtsgesellschaft" * 4
    site.call("send", "comment", ["bob"], actor="alice", target_title=word, excerpt=f"https://example.com/{word}")
    site.call("send", "system", ["bob"], title=ARABIC, body=ARABIC, level="critical")
    site.call("send", "system", ["bob"], title="Plain", body="Plain text", level="warning", url="/people/")


@pytest.mark.parametrize("check", ["policy", "names", "axe", "width"])
def test_nothing_is_wrong(walk: Walk, check: str) -> None:
    assert not walk.found[check], "\n".join(walk.found[check])


def test_nothing_is_blocked_or_thrown(walk: Walk) -> None:
    """Nor logged as an error."""
    heard = [line for line in walk.found["heard"] if not PROVOKED.search(line)]
    assert not heard, "\n".join(heard)


def test_markup(walk: Walk, browse: Browse, told_site: Site, site: Site, person: str) -> None:
    """As sent, as scripts have made it, and the bell's own tree; but not what Swagger UI makes of its page."""
    with told_site.client("bob") as client:
        walk.keep("docs", client.get("/api/v1/docs").text)
    lost = browse(site, person).new_page()  # without DEBUG, which has a page of its own for that
    lost.goto("/no-such-page/")
    walk.keep("404", lost.evaluate(DOM))
    walk.keep("500", told_site.call("django.template.loader.render_to_string", "500.html"))
    said = validate(walk.folder)
    assert not said, "\n".join(said)


def test_every_list_of_the_admin_is_a_stop() -> None:
    """Of ours, and one of the event types: their pages are the same."""
    paths = {stop.path.partition("?")[0] for stop in STOPS}
    ours = {
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model, page in site_of_admin._registry.items()
        if model._meta.app_label in ("inbox", "inbox_internals") and not isinstance(page, MessageAdmin)
    }
    assert ours - paths == set()


SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": DESKTOP},
    "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
}


@pytest.mark.soak
@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("desktop", "dark"), ("phone", "light")])
def test_other_looks(browse: Browse, told_site: Site, size: str, scheme: str) -> None:
    context = browse(told_site, color_scheme=scheme, **SIZES[size])
    page, who, found = context.new_page(), "", list[str]()
    for stop in STOPS:
        if stop.who != who:
            sign_in(context, told_site, stop.who)
            who = stop.who
        reach(page, stop)
        found += [f"{stop}: {fault}" for fault in (*violations(page), *page.evaluate(TOO_WIDE, ["100%"]))]
    assert found == []
