"""Every page of the administration of announcements and messages, and the states of its forms: sheets.py takes
pictures of them, test_admin_looks.py measures them. Buttons are found by their attributes: the pages are in several
languages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.bell import until
from tests.browser.pages.walk import AT_REST, sign_in
from tests.servers import Site

Act = Callable[[Page], None]

LIST = "/admin/inbox/broadcast/"
INTERNALS = "/admin/inbox_internals/"
DIALOG = "dialog[open]"


@dataclass(frozen=True)
class Exhibit:
    """A page, or what `act` makes of it. `path` has names of `exhibits.furnish` in it, `{live}` for one. `who` is ""
    for a visitor. Of what lies above a page, the window is shown, and not the whole page (`is_whole`)."""

    name: str
    path: str
    act: Act | None = None
    ready: str = "main"  # a selector: what is seen once all is there
    who: str = "admin"
    is_whole: bool = True

    def __str__(self) -> str:
        return self.name


def click(selector: str) -> Act:
    return lambda page: page.locator(selector).first.click()


def save_nothing(page: Page) -> None:
    """The form is refused, by the server: fields are marked."""
    page.evaluate("document.querySelectorAll('form').forEach((form) => { form.noValidate = true; })")
    page.locator("#content-main form, #content form").last.evaluate(
        "form => form.requestSubmit(form.querySelector('[name=_continue], [name=_save], .submit-row [type=submit]'))"
    )


def refuse_broadcast(page: Page) -> None:
    page.locator("[name=audience][value=groups]").check()
    page.locator("[name=body]").fill(
        "An image: ![cat](https://elsewhere.example.org/cat.png) <script>alert(1)</script>"
    )
    page.evaluate("document.querySelectorAll('form').forEach((form) => { form.noValidate = true; })")
    page.locator("[name=_publish]").click()
    page.locator(f"{DIALOG} [value=yes]").click()


def aim_at_several(page: Page) -> None:
    page.locator("[name=audience][value=several]").check()
    page.locator(".inbox-without summary").click()
    page.locator("#id_people-search").press_sequentially("ali")


def fill_preview(page: Page) -> None:
    page.locator("[data-theme=dark]").click()
    page.locator("[data-width=phone]").click()
    page.locator(".inbox-markdown summary").first.click()


def select_all(action: str) -> Act:
    def act(page: Page) -> None:
        page.locator("#action-toggle").check()
        page.locator("[name=action]").select_option(action)
        page.locator(".actions [name=index]").click()

    return act


def upload(page: Page) -> None:
    names = "user name\nalice\nalice\nnobody\n=1+1\n" + "".join(f"unknown{number}\n" for number in range(30))
    page.locator("[type=file]").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": names.encode()})
    page.locator(".inbox-upload [type=submit]").click()


def make_token(page: Page) -> None:
    page.locator("[name=name]").fill(f"made {token_hex(3)}")
    page.locator("[name=scopes]").first.check()
    page.locator("[name=_save]").click()


def search_for_nothing(path: str) -> str:
    return f"{path}?q=nothing-is-called-this"


EXHIBITS = (
    Exhibit("index", "/admin/"),
    Exhibit("app of announcements", "/admin/inbox/"),
    Exhibit("app of internals", "/admin/inbox_internals/"),
    Exhibit("announcements", LIST, ready=".inbox-timeline"),
    Exhibit("announcements, searched in vain", search_for_nothing(LIST)),
    Exhibit("announcements, filtered", f"{LIST}?state__exact=live", ready="#result_list"),
    Exhibit("announcements, asked to publish", LIST, select_all("publish_selected"), DIALOG),
    Exhibit("announcements, asked to withdraw", LIST, select_all("withdraw_selected"), DIALOG),
    Exhibit("announcements, asked to delete", LIST, select_all("delete_selected"), "#content form [type=submit]"),
    Exhibit("new announcement", f"{LIST}add/", ready=".inbox-reach:not(:empty)"),
    Exhibit("new announcement, help and preview", f"{LIST}add/", fill_preview, ".inbox-reach:not(:empty)"),
    Exhibit("new announcement, for several", f"{LIST}add/", aim_at_several, ".inbox-found [role=option]"),
    Exhibit("new announcement, refused", f"{LIST}add/", refuse_broadcast, ".errornote"),
    Exhibit("live announcement", LIST + "{live}/change/", ready=".inbox-history"),
    Exhibit("draft", LIST + "{draft}/change/", ready=".inbox-history"),
    Exhibit("scheduled", LIST + "{scheduled}/change/", ready=".inbox-history"),
    Exhibit("blocked", LIST + "{blocked}/change/", ready=".inbox-note"),
    Exhibit("expired", LIST + "{expired}/change/", ready=".inbox-history"),
    Exhibit("withdrawn", LIST + "{withdrawn}/change/", ready=".inbox-history"),
    Exhibit("asked to publish", LIST + "{draft}/change/", click("[name=_publish]"), DIALOG),
    Exhibit("asked to withdraw", LIST + "{live}/change/", click("[data-asks=inbox-withdraw]"), DIALOG),
    Exhibit("live, to be looked at only", LIST + "{live}/change/", ready=".inbox-as-read", who="viewer"),
    Exhibit("announcements, to be looked at only", LIST, who="viewer"),
    Exhibit("draft of a mere author", LIST + "{draft}/change/", ready=".inbox-history", who="author"),
    Exhibit("announcement to be deleted", LIST + "{live}/delete/", ready="[type=submit]"),
    Exhibit("history of an announcement", LIST + "{live}/history/"),
    Exhibit("effect", LIST + "{live}/effect/", ready=".inbox-chart"),
    Exhibit("effect, who has not read", LIST + "{live}/effect/?who=unread", ready=".inbox-readers"),
    Exhibit("effect, page 2", LIST + "{live}/effect/?p=2", ready=".inbox-readers"),
    Exhibit("effect, as a table", LIST + "{live}/effect/", click(".inbox-chart summary"), ".inbox-chart table"),
    Exhibit("effect, searched in vain", LIST + "{live}/effect/?who=read&q=zzz", ready=".inbox-search"),
    Exhibit("effect of a draft", LIST + "{draft}/effect/", ready=".inbox-search"),
    Exhibit("lists", LIST + "{draft}/lists/", ready=".inbox-uploaded"),
    Exhibit("lists, uploaded", LIST + "{draft}/lists/", upload, ".inbox-unknown textarea"),
    Exhibit("recurring announcements", "/admin/inbox/broadcastseries/", ready="#result_list"),
    Exhibit(
        "new recurring announcement", "/admin/inbox/broadcastseries/add/?template={template}", ready=".inbox-next li"
    ),
    Exhibit(
        "new recurring announcement, refused",
        "/admin/inbox/broadcastseries/add/",
        save_nothing,
        "body:has(.errornote) .inbox-next li",
    ),
    Exhibit("recurring announcement", "/admin/inbox/broadcastseries/{series}/change/", ready=".inbox-next li"),
    Exhibit(
        "recurring announcement to be deleted", "/admin/inbox/broadcastseries/{series}/delete/", ready="[type=submit]"
    ),
    Exhibit("history of a recurring announcement", "/admin/inbox/broadcastseries/{series}/history/"),
    Exhibit("saved filters", "/admin/inbox/audiencefilter/", ready="#result_list"),
    Exhibit("new saved filter", "/admin/inbox/audiencefilter/add/"),
    Exhibit("new saved filter, refused", "/admin/inbox/audiencefilter/add/", save_nothing, ".errornote"),
    Exhibit("saved filter", "/admin/inbox/audiencefilter/{filter}/change/"),
    Exhibit("saved filter to be deleted", "/admin/inbox/audiencefilter/{filter}/delete/", ready="[type=submit]"),
    Exhibit("sends", "/admin/inbox/send/", ready="#result_list"),
    Exhibit("sends, searched in vain", search_for_nothing("/admin/inbox/send/")),
    Exhibit("send", "/admin/inbox/send/{send}/change/"),
    Exhibit("corrections", f"{INTERNALS}correction/", ready="#result_list"),
    Exhibit("correction", INTERNALS + "correction/{correction}/change/"),
    Exhibit("services", "/admin/inbox/service/", ready="#result_list"),
    Exhibit("new service", "/admin/inbox/service/add/"),
    Exhibit("service", "/admin/inbox/service/{service}/change/"),
    Exhibit("tokens", "/admin/inbox/servicetoken/", ready="#result_list"),
    Exhibit("new token", "/admin/inbox/servicetoken/add/"),
    Exhibit("new token, refused", "/admin/inbox/servicetoken/add/", save_nothing, ".errornote"),
    Exhibit("token made", "/admin/inbox/servicetoken/add/", make_token, ".inbox-token"),
    Exhibit("token", "/admin/inbox/servicetoken/{token}/change/"),
    Exhibit("token to be deleted", "/admin/inbox/servicetoken/{token}/delete/", ready="[type=submit]"),
    Exhibit("messages", f"{INTERNALS}commentmessage/", ready="#result_list"),
    Exhibit("messages, searched in vain", search_for_nothing(f"{INTERNALS}commentmessage/")),
    Exhibit("message", INTERNALS + "commentmessage/{message}/change/"),
    Exhibit("message to be deleted", INTERNALS + "commentmessage/{message}/delete/", ready="[type=submit]"),
    Exhibit("receipts", f"{INTERNALS}broadcastreceipt/", ready="#result_list"),
    Exhibit("receipt", INTERNALS + "broadcastreceipt/{receipt}/change/"),
    Exhibit("mailboxes", f"{INTERNALS}mailbox/", ready="#result_list"),
    Exhibit("mailbox", INTERNALS + "mailbox/{mailbox}/change/"),
    Exhibit("followed subjects", f"{INTERNALS}following/", ready="#result_list"),
    Exhibit("silenced subjects", f"{INTERNALS}silence/", ready="#result_list"),
    Exhibit("silenced subject", INTERNALS + "silence/{silence}/change/"),
    Exhibit("deleted users", f"{INTERNALS}deleteduser/", ready="#result_list"),
    Exhibit("deleted user", INTERNALS + "deleteduser/{gone}/change/"),
    Exhibit("nothing there", LIST + "999999/change/", ready=".messagelist"),
)
TABLES = {"#result_list", ".inbox-timeline", ".inbox-readers"}
LISTS = tuple(exhibit for exhibit in EXHIBITS if exhibit.ready in TABLES)


class Visitor:
    """Goes from exhibit to exhibit in one tab."""

    def __init__(self, context: BrowserContext, site: Site, names: Mapping[str, int]) -> None:
        self._context, self._site, self._names, self._who = context, site, names, ""
        self.page = context.new_page()

    def see(self, exhibit: Exhibit) -> Page:
        if exhibit.who != self._who:
            sign_in(self._context, self._site, exhibit.who)
            self._who = exhibit.who
        self.page.unroute_all()
        self.page.goto(exhibit.path.format(**self._names))
        if exhibit.act:
            exhibit.act(self.page)
            self.page.wait_for_load_state()
        expect(self.page.locator(exhibit.ready).first).to_be_visible()
        until(self.page, AT_REST)
        return self.page
