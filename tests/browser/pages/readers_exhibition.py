"""Every page of the site that its readers see, and the states that one can bring it to. sheets.py takes pictures of
them. Nothing is found by its words: the pages are in several languages."""

from playwright.sync_api import Page, expect

from tests.browser.bell import Bell
from tests.browser.pages.exhibition import DIALOG, Act, Exhibit, click, search_for_nothing

INBOX, LOGIN = "/inbox/", "/accounts/login/"
ROW, EMPTY = ".rd-row", "[data-empty]"
VIEWS = ("unread", "threads", "starred", "snoozed", "archived")
ERRORS = ("400", "403", "403_csrf", "404", "500", "503")


def press(*keys: str) -> Act:
    """On the first row."""

    def act(page: Page) -> None:
        page.locator(f"{ROW} [data-act=open]").first.focus()
        for key in keys:
            page.keyboard.press(key)

    return act


def go_offline(page: Page) -> None:
    page.route("**/api/v1/**", lambda route: route.abort())
    press("e")(page)
    expect(page.locator("[data-banner]")).to_be_visible()


def refuse_sign_in(page: Page) -> None:
    page.locator("[name=username]").first.fill("bob")
    page.locator("[name=password]").first.fill("wrong")
    page.keyboard.press("Enter")


def refuse(form: str) -> Act:
    def act(page: Page) -> None:
        page.locator(form).evaluate("form => { form.noValidate = true; form.requestSubmit(); }")

    return act


def open_bell(page: Page) -> None:
    Bell(page).live().button.click()


def with_news(page: Page) -> None:
    Bell(page).live().news()


def fill_lab(page: Page) -> None:
    page.locator("[data-act=event]").click()
    expect(page.locator("[data-agreement]")).not_to_be_empty()


def on_the_window(name: str, path: str, act: Act | None, ready: str, who: str = "bob") -> Exhibit:
    """What lies above the page."""
    return Exhibit(name, path, act, ready, who, is_whole=False)


READERS_EXHIBITS = (
    Exhibit("sign in", LOGIN, who=""),
    Exhibit("sign in, refused", LOGIN, refuse_sign_in, ".errors", who=""),
    Exhibit("too many attempts", "/test/page/registration/locked_out/", who=""),
    on_the_window("settings of a visitor", LOGIN, click(".menu > summary"), ".menu-panel", who=""),
    Exhibit("feed", "/", ready=".post", who="bob"),
    Exhibit("feed, following", "/?view=following", who="bob"),
    Exhibit("feed, following nobody", "/?view=following", ready=".empty", who="nobody"),
    on_the_window("menu", "/", click(".menu > summary"), ".menu-panel"),
    Exhibit("post", "/posts/2/", ready=".comment", who="bob"),
    Exhibit("post, share refused", "/posts/2/", refuse("#share form.card"), "#share .errorlist", who="bob"),
    on_the_window("people", "/people/", None, "main"),
    Exhibit("profile", "/people/alice/", ready=".post", who="bob"),
    Exhibit("profile without posts", "/people/nobody/", who="bob"),
    on_the_window("bell", "/people/nobody/", open_bell, "notification-bell .rd-row"),
    on_the_window("bell, of long words", "/people/nobody/", open_bell, "notification-bell .rd-row", who="long"),
    on_the_window("bell, empty", "/people/nobody/", open_bell, "notification-bell .view", who="nobody"),
    on_the_window("toast", "/people/nobody/", with_news, "notification-bell .toast"),
    on_the_window("toast, of long words", "/people/nobody/", with_news, "notification-bell .toast", who="long"),
    Exhibit("banners", "/people/nobody/", ready=".rd-notice", who="crowded"),
    Exhibit(
        "all banners", "/people/nobody/", click(".rd-notices-more > summary"), ".rd-notices-more .rd-notice", "crowded"
    ),
    on_the_window("dialog", "/people/nobody/", None, DIALOG, who="greeted"),
    Exhibit("inbox", INBOX, ready=ROW, who="bob"),
    *(Exhibit(f"inbox, {view}", f"{INBOX}?view={view}", ready=f":is({ROW}, {EMPTY})", who="bob") for view in VIEWS),
    Exhibit("inbox, comments", f"{INBOX}?type=comment", ready=ROW, who="bob"),
    Exhibit("inbox, searched", f"{INBOX}?q=bread", ready=ROW, who="bob"),
    Exhibit("inbox, searched in vain", search_for_nothing(INBOX), ready=EMPTY, who="bob"),
    Exhibit(
        "inbox, a thread", f"{INBOX}?view=threads", click(f"{ROW}:has(.rd-size) [data-act=open]"), ".rd-part", "bob"
    ),
    Exhibit("inbox, of long words", INBOX, ready=ROW, who="long"),
    Exhibit("inbox of one", INBOX, ready=ROW, who="single"),
    Exhibit("inbox of none", INBOX, ready=EMPTY, who="nobody"),
    *(Exhibit(f"inbox of none, {view}", f"{INBOX}?view={view}", ready=EMPTY, who="nobody") for view in VIEWS),
    on_the_window("inbox, a row with the focus", INBOX, press("s", "s"), ".rd-acts"),
    on_the_window("inbox, archived", INBOX, press("e"), "[data-toast]"),
    on_the_window("inbox, until when", INBOX, press("b"), DIALOG),
    on_the_window("inbox, offline", INBOX, go_offline, "[data-banner]", who="carol"),
    Exhibit("snooze", "/inbox/snooze/", who="alice"),
    Exhibit("snooze, refused", "/inbox/snooze/", refuse(".rd-preferences form"), ".errorlist", who="alice"),
    Exhibit("snooze, of none", "/inbox/snooze/", who="nobody"),
    Exhibit("preferences", "/inbox/preferences/", who="alice"),
    Exhibit("preferences of who follows and silences", "/inbox/preferences/", ready=".rd-subjects", who="long"),
    Exhibit(
        "preferences, saved", "/inbox/preferences/", refuse(".rd-preferences form"), ".rd-saved, .flash p", "alice"
    ),
    Exhibit("lab", "/lab/", fill_lab, "[data-transport][data-state=live]", who="alice"),
    *(Exhibit(f"error {name}", f"/test/page/{name}/", who="bob") for name in ERRORS),
    Exhibit("api", "/api/v1/docs", ready=".opblock", who="bob"),
)
