"""The demo site's forms, with JavaScript (nothing reloads) and without (everything still works)."""

from playwright.sync_api import Page, expect

from tests.browser.bell import Bell
from tests.browser.conftest import Browse
from tests.servers import Site


def write_post(page: Page, text: str) -> None:
    page.goto("/")
    page.get_by_label("New post").fill(text)
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.locator(".post", has_text=text)).to_be_visible()


def stays(page: Page) -> None:
    """Mark the document, to see later that it is still the same one."""
    page.evaluate("document.body.dataset.same = '1'")


def is_same(page: Page) -> bool:
    return bool(page.evaluate("document.body.dataset.same === '1'"))


def test_everything_one_does_moves_the_other_s_dot(browse: Browse, site: Site, person: str) -> None:
    theirs, mine = browse(site, person).new_page(), browse(site, "alice").new_page()
    write_post(theirs, f"By {person}")
    bell = Bell(theirs).live().shows("")
    mine.goto(f"/people/{person}/")
    mine.get_by_role("button", name="Follow").click()
    bell.shows("1")
    mine.get_by_role("button", name="Like").click()
    bell.shows("2")
    mine.get_by_role("link", name="Share").click()
    mine.get_by_label(person).check()
    mine.get_by_label("Note").fill("yours")
    mine.get_by_role("button", name="Share").click()
    bell.shows("3")
    mine.get_by_label("Your comment").fill("well said")
    mine.get_by_role("button", name="Comment").click()
    bell.shows("4")
    write_post(mine, f"Thank you @{person}.")
    bell.shows("5")
    assert bell.get("snapshot")["by_type"] == dict.fromkeys(("comment", "follow", "like", "mention", "share"), 1)


def test_forms_do_not_reload_the_page(browse: Browse, site: Site, person: str) -> None:
    page = browse(site, person).new_page()
    write_post(page, "quiet please")
    page.locator(".post", has_text="quiet please").locator(".when").click()
    page.wait_for_url("**/posts/*/")
    stays(page)
    like = page.get_by_role("button", name="Like")
    like.click()
    expect(like).to_have_attribute("aria-pressed", "true")
    expect(like).to_be_focused()
    page.get_by_label("Your comment").fill("")
    page.evaluate("document.querySelector('#comments form').noValidate = true")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator(".errorlist")).to_be_visible()
    page.get_by_label("Your comment").fill("a first one")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator(".comment")).to_contain_text("a first one")
    page.get_by_label("Alice").or_(page.get_by_label("alice")).first.check()
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("status").filter(has_text="Shared with 1 person.")).to_be_visible()
    assert is_same(page)


def test_forms_work_without_javascript(browse: Browse, site: Site, person: str) -> None:
    page = browse(site, person, java_script_enabled=False).new_page()
    write_post(page, f"plain, by {person}")
    post = page.locator(".post", has_text=f"plain, by {person}")
    post.get_by_role("button", name="Like").click()
    expect(post.get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")
    post.locator(".when").click()
    page.get_by_label("Your comment").fill("also plain")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator(".comment")).to_contain_text("also plain")
    page.goto("/people/alice/")
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("button", name="Following")).to_be_visible()


def test_theme_and_language_are_kept(browse: Browse, site: Site, person: str) -> None:
    page = browse(site, person, color_scheme="light").new_page()
    page.goto("/people/")
    page.locator(".menu > summary").click()
    expect(page.get_by_role("button", name="Dark")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Dark")).to_be_hidden()
    page.locator(".menu > summary").click()
    page.get_by_role("button", name="Dark").click()
    page.wait_for_url("**/people/")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.locator(".menu > summary").click()
    page.get_by_role("button", name="简体中文").click()
    page.wait_for_url("**/people/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
