"""What comes and goes in a page that is looked at: it pushes nothing aside abruptly."""

import pytest
from playwright.sync_api import expect

from tests.browser.bell import Bell
from tests.browser.conftest import MOVING, Browse
from tests.browser.pages.quiet import SIZES, Quiet, still
from tests.servers import Site


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", ["/inbox/", "/inbox/?view=threads", "/people/", "/people/#open"])
def test_what_arrives_moves_nothing_abruptly(browse: Browse, site: Site, person: str, size: str, path: str) -> None:
    """Rows that are pushed aside glide; toasts, too; and so it is when something goes."""
    site.call("send_titles", person, [f"old {number}" for number in range(6)])
    context = browse(site, person, **SIZES[size], **MOVING)
    quiet, page = Quiet(context), context.new_page()
    page.goto(path)
    bell = Bell(page).live()
    if "#open" in path:
        bell.open()
        expect(bell.rows).to_have_count(6)
    rows = bell.rows if "#open" in path else page.locator(".rd-row")
    for number, level in enumerate(("info", "critical", "warning"), 7):
        site.call("send", "system", [person], title=f"new {number}", level=level)
        bell.shows(str(number))
        if "inbox" in path or "#open" in path:
            expect(rows).to_have_count(number)
    [user] = site.call("ids", [person])
    site.call("inbox.services.archive", user, site.call("refs", person)[1:2])
    bell.shows("8")
    if "inbox" in path or "#open" in path:
        expect(rows).to_have_count(8)
    moved = still(page)
    assert not moved, "\n".join(moved)
    quiet.check(path)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves_when_the_script_takes_the_page_over(browse: Browse, site: Site, person: str, size: str) -> None:
    site.call("send_titles", person, [f"old {number}" for number in range(6)])
    page = browse(site, person, **SIZES[size], **MOVING).new_page()
    page.add_init_script(
        "window.glided = []; const animate = Element.prototype.animate; Element.prototype.animate = function (...how) {"
        " if (!this.closest('notification-bell')) glided.push(`${this.className}: ${JSON.stringify(how)}`);"
        " return animate.apply(this, how); };"
    )
    page.goto("/inbox/")
    expect(page.get_by_role("checkbox", name="Select all shown")).to_be_visible()  # by the script
    expect(page.locator(".rd-row")).to_have_count(6)
    assert page.evaluate("glided") == []
