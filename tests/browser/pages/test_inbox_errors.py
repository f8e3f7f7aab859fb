"""An error that nobody foresaw costs the inbox page one read, and not every later one."""

from playwright.sync_api import Browser, Page, expect

from tests.servers import Site

# Of a list: the banners read without a limit, and try again after whatever went wrong.
THROW_ONCE = """() => {
    const real = URLSearchParams;
    window.URLSearchParams = class {
        constructor(given) {
            if (!given?.limit) return new real(given);
            window.URLSearchParams = real;
            throw new TypeError("not foreseen");
        }
    };
}"""


def test_the_page_goes_on_after_an_error(chromium: Browser, site: Site, person: str) -> None:
    site.call("send", "system", [person], title="First")
    context = chromium.new_context(base_url=site.url(""))
    cookies = site.cookies(person)
    context.add_cookies([{"name": name, "value": value, "url": site.url()} for name, value in cookies.items()])
    try:
        goes_on(context.new_page(), site, person)
    finally:
        context.close()


def goes_on(page: Page, site: Site, person: str) -> None:
    page.goto("/inbox/")
    items = page.locator("[data-list]")
    expect(items.get_by_text("First")).to_be_visible()
    with page.expect_event("pageerror", lambda error: "not foreseen" in str(error)):
        page.evaluate(THROW_ONCE)  # in here: the page may still be reading
        site.call("send", "system", [person], title="Second")
    site.call("send", "system", [person], title="Third")
    expect(items.get_by_text("Third")).to_be_visible()
    expect(items.get_by_text("Second")).to_be_visible()
