"""Every page of the site, and the states that one can bring it to: where the walk of test_every_page.py stops."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from playwright.sync_api import Page, expect


@dataclass(frozen=True)
class Stop:
    """A page, or what `act` makes of it (without a `path`, of the page before)."""

    who: str  # "" for a visitor
    path: str = ""
    ready: str = "main"  # a selector: what is seen once all is there
    act: Callable[[Page], None] | None = None
    name: str = ""
    # False: another test looks at it (of lab, desk, effect, aim), the state after it has all of it, or it is made as
    # another page is, or by Django alone.
    is_looked_at: bool = True

    def __str__(self) -> str:
        return f"{self.who or 'visitor'} at {self.name or self.path}"


def open_menu(page: Page) -> None:
    page.locator(".menu > summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def refuse_share(page: Page) -> None:
    page.evaluate("document.querySelectorAll('form').forEach((form) => { form.noValidate = true; })")
    page.get_by_role("button", name="Share", exact=True).last.click()
    expect(page.locator("#share .errorlist")).to_be_visible()


def refuse_sign_in(page: Page) -> None:
    page.get_by_label("Username").fill("bob")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Please")).to_be_visible()


def refuse_broadcast(page: Page) -> None:
    page.get_by_role("radio", name="Members of groups").check()
    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Choose at least one group")).to_be_visible()
    expect(page.locator(".field-groups").get_by_label("Moderators")).to_be_visible()
    expect(page.get_by_text("This field is required")).to_be_visible()


def save_filter(page: Page) -> None:
    page.goto("/admin/inbox/audiencefilter/add/")
    page.get_by_label("Name:").fill(f"Since 2020 {token_hex(4)}")
    page.get_by_label("Registered since:").fill("2020-01-01")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#result_list .field-finds").first).to_be_visible()


def repeat(page: Page) -> None:
    page.goto("/admin/inbox/broadcastseries/add/?template=1")
    page.get_by_role("button", name="Save and start").click()
    expect(page.get_by_text("The next occurrence is published at")).to_be_visible()
    expect(page.locator(".inbox-next li")).to_have_count(5)


def make_token(page: Page) -> None:
    page.get_by_label("Name").fill(f"shop {token_hex(3)}")
    page.get_by_label("Send messages").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".inbox-token")).to_have_text(re.compile(r"^rd_[\w-]{43}$"))


def list_tokens(page: Page) -> None:
    page.get_by_role("link", name="I have copied it").click()
    expect(page.locator("#result_list")).to_contain_text("shop")


def archive_offline(page: Page) -> None:
    """A focused row, a toast with an undo button, and a banner."""
    page.locator(".rd-title").first.focus()
    page.keyboard.press("e")
    page.keyboard.press("z")
    page.keyboard.press("e")
    page.context.set_offline(True)
    expect(page.locator("[data-toast]")).to_be_visible()
    expect(page.locator("[data-banner]")).to_be_visible()


def unfold_thread(page: Page) -> None:
    page.locator(".rd-row:has(.rd-size) [data-act=open]").first.click()
    expect(page.locator(".rd-part").first).to_be_visible()


def ask_until(page: Page) -> None:
    page.locator(".rd-row [data-act=open]").first.focus()
    page.keyboard.press("b")
    expect(page.get_by_role("dialog").get_by_label("Date and time")).to_be_visible()


def show_keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


STOPS = (
    Stop("bob", "/", ".post"),
    Stop("bob", "/?view=following", is_looked_at=False),
    Stop("bob", "/posts/2/", ".comment", is_looked_at=False),
    Stop("bob", act=refuse_share, name="share refused"),
    Stop("bob", "/people/"),
    Stop("bob", "/people/alice/", ".post"),
    Stop("bob", "/inbox/", ".rd-row .rd-rich strong"),  # an announcement, with its markup
    Stop("bob", act=show_keys, name="keys"),
    Stop("bob", "/inbox/?view=archived", "[data-empty]"),
    Stop("bob", "/inbox/?view=threads", ".rd-size", is_looked_at=False),
    Stop("bob", act=unfold_thread, name="thread unfolded"),
    Stop("bob", act=ask_until, name="until when"),
    Stop("bob", "/inbox/?view=starred", ".rd-starred", is_looked_at=False),
    Stop("bob", "/inbox/snooze/"),
    Stop("bob", "/inbox/preferences/"),
    Stop("bob", act=open_menu, name="menu"),
    Stop("bob", "/lab/", is_looked_at=False),
    Stop("", "/accounts/login/", "button:text('carol')", is_looked_at=False),
    Stop("", act=refuse_sign_in, name="sign-in refused"),
    Stop("admin", "/admin/"),
    Stop("admin", "/admin/auth/user/add/", is_looked_at=False),
    Stop("admin", "/admin/password_change/", is_looked_at=False),
    Stop("admin", "/admin/demo/post/", is_looked_at=False),
    Stop("admin", "/admin/inbox/broadcast/", is_looked_at=False),
    Stop("admin", "/admin/inbox/broadcast/1/change/", "text=Withdraw"),
    Stop("admin", "/admin/inbox/broadcast/1/effect/?who=unread", ".inbox-readers", is_looked_at=False),
    Stop("admin", "/admin/inbox/broadcast/1/history/"),
    Stop("admin", "/admin/inbox/broadcast/add/", "#id_audience", is_looked_at=False),
    Stop("admin", act=refuse_broadcast, name="broadcast refused"),
    Stop("admin", "/admin/inbox/audiencefilter/add/", "#id_language", is_looked_at=False),
    Stop("admin", act=save_filter, name="saved filters", is_looked_at=False),
    Stop("admin", "/admin/inbox/broadcastseries/add/", ".inbox-next li", is_looked_at=False),
    Stop("admin", act=repeat, name="recurring announcement"),
    Stop("admin", "/admin/inbox/broadcastseries/", "#result_list", is_looked_at=False),
    Stop("admin", "/admin/inbox_internals/broadcastreceipt/", is_looked_at=False),
    Stop("admin", "/admin/inbox_internals/commentmessage/", "#result_list"),
    Stop("admin", "/admin/inbox_internals/mailbox/", is_looked_at=False),
    Stop("admin", "/admin/inbox_internals/deleteduser/", is_looked_at=False),
    Stop("admin", "/admin/inbox/audiencefilter/", is_looked_at=False),
    Stop("admin", "/admin/inbox/send/", is_looked_at=False),
    Stop("admin", "/admin/inbox_internals/correction/", is_looked_at=False),
    Stop("admin", "/admin/inbox_internals/following/", is_looked_at=False),
    Stop("admin", "/admin/inbox_internals/silence/", is_looked_at=False),
    Stop("admin", "/admin/inbox/service/", is_looked_at=False),
    Stop("admin", "/admin/inbox/servicetoken/", is_looked_at=False),
    Stop("admin", "/admin/inbox/servicetoken/add/"),
    Stop("admin", act=make_token, name="token made"),
    Stop("admin", act=list_tokens, name="tokens", is_looked_at=False),
    Stop("carol", "/inbox/", "[data-banner]", act=archive_offline, name="archived offline"),
)
