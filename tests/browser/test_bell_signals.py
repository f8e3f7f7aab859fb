"""What tells the user: title, icon, toasts, the screen reader; and that it comes back after the server was away."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse, OpenBell, frame, stop_clock, tab
from tests.browser.spoken import Spoken, listen
from tests.servers import Site


def test_title_and_icon_carry_the_count(open_bell: OpenBell, site: Site, person: str) -> None:
    bell = open_bell().live()
    title = bell.page.title()
    icon = bell.page.locator("link[rel~=icon]")
    plain = icon.get_attribute("href")
    site.call("send", "follow", [person], actor="alice")
    expect(bell.page).to_have_title(f"(1) {title}")
    expect(icon).to_have_attribute("data-count", "1")
    assert (icon.get_attribute("href") or "").startswith("data:image/png")
    bell.open().mark_all.click()
    expect(bell.page).to_have_title(title)
    expect(icon).to_have_attribute("href", plain or "")


@pytest.mark.parametrize("title", ["(Draft) My page", "(1) things", "(99+) things", "(2)", "", "(1) (1) twice"])
def test_the_title_of_the_page_survives(open_bell: OpenBell, site: Site, person: str, title: str) -> None:
    bell = open_bell().live()
    bell.page.evaluate("title => { document.title = title; }", title)
    for unread in (1, 2):
        site.call("send", "follow", [person], actor="alice")
        expect(bell.page).to_have_title(f"({unread}) {title}".strip())
    bell.page.evaluate("document.title += ' *'")  # made out of what the page finds there
    site.call("send", "follow", [person], actor="alice")
    expect(bell.page).to_have_title(f"(3) {title} *" if title else "(3) (2) *")  # that "(2)" might be the page's own
    bell.page.evaluate("title => { document.title = title; }", title)
    bell.page.evaluate("document.querySelector('notification-bell').remove()")
    expect(bell.page).to_have_title(title)


def test_a_new_title_may_begin_as_ours_does(open_bell: OpenBell, site: Site, person: str) -> None:
    bell = open_bell().live()
    for unread, title in ((1, bell.page.title()), (2, "(1) things")):
        bell.page.evaluate("title => { document.title = title; }", title)
        site.call("send", "follow", [person], actor="alice")
        expect(bell.page).to_have_title(f"({unread}) {title}")


def test_the_page_hears_of_it(open_bell: OpenBell, site: Site, person: str) -> None:
    bell = open_bell().live()
    heard = bell.page.evaluate_handle(
        "() => { const heard = []; document.addEventListener('reddot:change', ({detail}) => heard.push(detail)); "
        "return heard; }"
    )
    site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt="Yes")
    bell.shows("1").news()
    detail = heard.json_value()[-1]
    assert detail["unread"] == 1
    assert detail["item"]["title"] == "alice commented on “Tea”"


def test_a_toast_says_what_arrived_and_leads_there(open_bell: OpenBell, site: Site, person: str) -> None:
    bell = open_bell().live()
    site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt="Yes", url="/people/")
    bell.shows("1").news().keep()
    toast = bell.toasts.filter(has_text="alice commented on “Tea”")
    expect(toast).to_contain_text("Yes")
    toast.get_by_role("link").click()
    bell.page.wait_for_url("**/people/")
    bell.live().shows("")


def test_toasts_stack_to_three_and_say_how_many_more(open_bell: OpenBell, site: Site, person: str) -> None:
    bell = open_bell().live()
    for number in range(5):
        site.call("send", "system", [person], title=f"Number {number}")
        bell.shows(str(number + 1)).news().keep()
        expect(bell.toasts.first).to_contain_text(f"Number {number}")
    expect(bell.toasts).to_have_count(3)
    more = bell.element.get_by_role("button", name="and 2 more")
    bell.toasts.first.get_by_role("button", name="Dismiss").click()
    expect(bell.toasts).to_have_count(2)
    more.click()
    expect(bell.panel).to_be_visible()
    expect(bell.toasts).to_have_count(0)


def test_a_burst_is_one_toast_and_its_number(browse: Browse, site: Site, person: str) -> None:
    context, user = browse(site, person), site.call("ids", [person])[0]
    opened: list[WebSocketRoute] = []

    def answer(socket: WebSocketRoute) -> None:
        opened.append(socket)
        socket.send(frame(user, 1, 0))

    context.route_web_socket(re.compile("/push/ws/"), answer)
    bell = tab(context).live("websocket")
    item = {"ref": "like-9", "type": "like", "title": "alice liked “Tea”", "body": "", "url": "",
            "created_at": "2026-01-01T00:00:00Z"}  # fmt: skip
    opened[0].send(frame(user, 8, 7, more={"item": item}))
    opened[0].send(frame(user, 8, 7, more={"item": item}))  # the same news twice is news once
    expect(bell.toasts).to_have_count(1)
    expect(bell.element.get_by_role("button", name="and 6 more")).to_be_visible()
    opened[0].send(frame(user, 9, 0))
    expect(bell.toasts).to_have_count(0)


def test_toasts_go_by_themselves_but_not_from_under_a_pointer(browse: Browse, site: Site, person: str) -> None:
    page = browse(site, person).new_page()
    page.clock.install()
    page.goto("/")
    bell = Bell(page).live()
    stop_clock(page)
    site.call("send", "system", [person], title="Stay")
    bell.shows("1").news()
    expect(bell.toasts).to_have_count(1)
    bell.toasts.first.hover()
    page.clock.run_for(10_000)
    expect(bell.toasts).to_have_count(1)
    page.mouse.move(5, 5)
    page.clock.run_for(8_000)
    expect(bell.toasts).to_have_count(0)


def test_a_burst_is_spoken_once(browse: Browse, site: Site, person: str) -> None:
    page = listen(browse(site, person)).new_page()
    page.clock.install()
    page.goto("/")
    bell = Bell(page).live()
    stop_clock(page)
    for number in range(3):
        site.call("send", "system", [person], title=f"Number {number}")
        bell.shows(str(number + 1)).news()
    Spoken(page).is_silent()
    page.clock.run_for(1_100)
    Spoken(page).says("3 new notifications")
    expect(bell.button).to_have_accessible_name("Notifications, 3 unread notifications")


@pytest.mark.parametrize("how", ["kill", pytest.param("stop", marks=pytest.mark.soak)])
def test_comes_back_after_the_server_was_away(start_site: Callable[..., Site], browse: Browse, how: str) -> None:
    """Killed (1006) and stopped (1012); what was written meanwhile is there."""
    site = start_site()
    bell = tab(browse(site, "bob")).live("websocket").record()
    getattr(site.web[0], how)()
    bell.until("bell.state === 'offline'").open()
    expect(bell.panel.get_by_text("No connection", exact=True)).to_be_visible()
    site.agent.call("send", "follow", ["bob"], actor="alice")
    site.start_web(0)
    bell.live().shows("1")
    expect(bell.row("alice followed you")).to_be_visible()
    versions = bell.recorded()  # which goes on, as what is shown becomes seen
    assert versions == sorted(versions)


def test_works_offline_and_on_again(open_bell: OpenBell, site: Site, person: str) -> None:
    bell = open_bell().live()
    bell.use("long-poll")
    bell.page.context.set_offline(True)
    bell.until("bell.state === 'offline'")
    site.call("send", "follow", [person], actor="alice")
    bell.page.context.set_offline(False)
    bell.live().shows("1")


STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:"


def test_strict_content_security_policy(browse: Browse, site: Site, person: str) -> None:
    """No inline script or style, no innerHTML; `data:` images for the icon are all it asks for."""
    context = browse(site, person)
    blocked: list[str] = []

    def strict(route: Route) -> None:
        policy = {"content-security-policy": f"{STRICT}; require-trusted-types-for 'script'"}
        response = route.fetch()
        route.fulfill(response=response, headers=response.headers | policy)

    context.route("**/people/", strict)
    context.on("console", lambda message: blocked.append(message.text))
    bell = tab(context, "/people/")
    expect(bell.element).to_have_attribute("data-state", "live")
    site.call("send", "comment", [person], actor="alice", target_title="Tea", excerpt="Yes")
    bell.shows("1").news()
    expect(bell.toasts).to_have_count(1)
    bell.open().mark_all.click()
    bell.shows("")
    assert [text for text in blocked if "Content Security" in text] == []
