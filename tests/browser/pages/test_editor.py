"""Writing an announcement: buttons, a live preview, and what readers will not see; then the text as they see it."""

import re
from secrets import token_hex

from playwright.sync_api import expect

from tests.browser.banners import Banners, announced
from tests.browser.bell import Bell
from tests.browser.conftest import Browse, newcomer, tab
from tests.browser.pages.inbox_page import InboxPage
from tests.conftest import StartSite
from tests.servers import wait_for

TEXT = """**注意：**今晚 {{time 2026-12-01T02:00 Europe/Berlin}}

![A cat](https://evil.example/cat.png) and [x](javascript:alert(1)) <img src=x onerror=alert(1)>

3. three"""


def test_the_author_sees_what_readers_will(browse: Browse, shared_site: StartSite) -> None:
    site = shared_site(server=["uvicorn"])
    page = browse(site, "admin").new_page()
    page.goto("/admin/inbox/broadcast/add/")
    body = page.get_by_role("textbox", name="Text:", exact=True)
    preview = page.frame_locator("[title=Preview]").locator("[data-place=inbox]")
    body.fill(TEXT)
    expect(preview.locator("strong")).to_have_text("注意：")
    expect(preview.locator(".rd-inbox .rd-rich time")).to_have_attribute("datetime", "2026-12-01T01:00Z")
    expect(preview.locator("ol")).to_have_attribute("start", "3")
    expect(preview.locator("img, a")).to_have_count(0)
    sentences = page.locator("[data-field=body]").get_by_role("listitem")
    expect(sentences).to_have_text([re.compile("evil.example.*description is shown"), re.compile("javascript:alert")])
    body.fill("all of it")
    expect(preview.locator(".rd-body")).to_have_text("all of it")
    expect(sentences).to_have_count(0)


def test_the_preview_has_every_place_colour_and_width(browse: Browse, shared_site: StartSite) -> None:
    page = browse(shared_site(server=["uvicorn"]), "admin").new_page()
    page.goto("/admin/inbox/broadcast/add/")
    page.get_by_label("Title:", exact=True).fill("Maintenance")
    page.get_by_label("Level:").select_option("critical")
    page.get_by_role("textbox", name="Text:", exact=True).fill("At **two**\n\n" + "x" * 600)
    frame = page.frame_locator("[title=Preview]")
    toast, row, item = (frame.locator(f"[data-place={name}]") for name in ("toast", "bell", "inbox"))
    for place in (toast, row, item):
        expect(place).to_contain_text("Critical Maintenance")
    expect(toast).to_contain_text("x…")  # cut, as the server does
    expect(item.locator(".rd-rich strong")).to_have_text("two")
    expect(frame.locator("html")).to_have_css("color-scheme", "light")
    page.get_by_role("button", name="Dark").click()
    expect(frame.locator("html")).to_have_css("color-scheme", "dark")
    expect(item.locator(".rd-more-acts")).to_be_hidden()
    page.get_by_role("button", name="Phone").click()
    expect(item.locator(".rd-more-acts")).to_be_visible()  # as in the inbox of a phone
    item.get_by_role("button", name=re.compile(r"Critical Maintenance\.")).click()  # the title: no act says the level
    expect(page).to_have_url(re.compile("/add/$"))
    page.get_by_label("Language of the reader").select_option(label="简体中文")
    expect(page.get_by_text("There is no text in this language.")).to_be_visible()
    expect(frame.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(item).to_contain_text("严重 Maintenance")  # the reader's word; the headings are the author's
    expect(item.get_by_role("heading")).to_have_text("In the inbox")


def test_the_author_alone_tries_it_out(browse: Browse, shared_site: StartSite) -> None:
    """On all open pages, in another browser, too, each in its language. Nothing is published."""
    site = shared_site(server=["uvicorn"])
    context = browse(site, "admin")
    own, others = context.new_page(), browse(site, newcomer(site)).new_page()
    chinese = browse(site, "admin", locale="zh-CN").new_page()
    for each in (own, others, chinese):
        each.goto("/people/")
        Bell(each).live()
    page = context.new_page()
    page.goto("/admin/inbox/broadcast/add/")
    page.get_by_label("Title:", exact=True).fill("Not yet said")
    page.locator("[name=title_zh_hans]").fill("尚未宣布")
    for place in ("As a banner on every page", "As a dialog that must be confirmed"):
        page.get_by_label(place).check()
    expect(page.frame_locator("[title=Preview]").locator("[data-place=dialog]")).to_contain_text("Not yet said")
    page.get_by_role("button", name="Show it to me only").click()
    expect(Bell(own).toasts).to_contain_text("Preview Not yet said")
    expect(page.get_by_text("Nobody else sees it")).to_be_visible()
    banners = Banners(own)
    banners.dialog.get_by_role("button", name="Confirm").click()
    expect(banners.dialog).to_be_hidden()
    expect(banners.all.filter(visible=True)).to_contain_text("Preview Not yet said")
    with announced(site) as notice:
        banners.shows(notice)
        banners.all.filter(has_text="Not yet said").get_by_role("button", name="Close").click()
        expect(banners.of(notice).get_by_role("button", name="Close")).to_be_focused()
    expect(banners.all.filter(visible=True)).to_have_count(0)
    expect(Banners(chinese).dialog).to_contain_text("预览 尚未宣布")
    wait_for(lambda: Bell(chinese).badge.inner_text() == Bell(own).badge.inner_text(), what="the same number")
    expect(Banners(others).all).to_have_count(0)
    assert site.call("sql", "SELECT count(*) FROM inbox_broadcast WHERE title = 'Not yet said'") == [[0]]


def test_what_is_tried_out_goes_with_its_author(browse: Browse, shared_site: StartSite) -> None:
    context = browse(shared_site(server=["uvicorn"]), "admin")
    own, page = context.new_page(), context.new_page()
    own.goto("/people/")
    Bell(own).live()
    page.goto("/admin/inbox/broadcast/add/")
    page.get_by_label("Title:", exact=True).fill("Not yet said")
    page.get_by_label("As a banner on every page").check()
    expect(page.frame_locator("[title=Preview]").locator("[data-place=banner]")).to_contain_text("Not yet said")
    page.get_by_role("button", name="Show it to me only").click()
    tried = Banners(own).all.filter(has_text="Not yet said")
    expect(tried).to_be_visible()
    context.clear_cookies()
    page.goto("/accounts/login/")  # which tells the other tabs
    expect(tried.filter(visible=True)).to_have_count(0)


def test_buttons_write_marks_around_what_is_selected(browse: Browse, shared_site: StartSite) -> None:
    page = browse(shared_site(server=["uvicorn"]), "admin").new_page()
    page.goto("/admin/inbox/broadcast/add/")
    body = page.get_by_role("textbox", name="Text:", exact=True)
    body.fill("one\ntwo")
    body.evaluate("(field) => field.setSelectionRange(4, 7)")
    page.get_by_role("button", name="Bold").first.click()
    expect(body).to_have_value("one\n**two**")
    page.keyboard.type("2")  # what was selected still is
    expect(body).to_have_value("one\n**2**")
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="List", exact=True).first.click()
    expect(body).to_have_value("- one\n- **2**")
    page.keyboard.press("Control+z")
    expect(body).to_have_value("one\n**2**")


def test_publishing_and_withdrawing_ask_once_with_numbers(browse: Browse, shared_site: StartSite) -> None:
    site = shared_site(server=["uvicorn"])
    page = browse(site, "admin").new_page()
    page.goto("/admin/inbox/broadcast/add/")
    reach = page.locator(".field-audience .inbox-reach")
    expect(reach).to_contain_text(re.compile(r"\d+ people: admin"))
    page.get_by_role("radio", name=re.compile("^Staff")).check()
    expect(reach).to_have_text(re.compile(r"\d+ pe\w+: admin"))
    page.get_by_label("Title:", exact=True).fill("For staff")
    page.get_by_role("button", name="Publish", exact=True).click()
    question = page.get_by_role("dialog", name="Publish this announcement?")
    expect(question.get_by_role("status")).to_have_text(re.compile(r"\d+ pe\w+: admin"))
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    page.get_by_role("button", name="Publish", exact=True).click()
    question.get_by_role("button", name="Publish").dblclick()
    expect(page.get_by_text("1 announcement is live.")).to_be_visible()
    page.get_by_role("button", name="Withdraw", exact=True).click()
    question = page.get_by_role("dialog", name="Withdraw this announcement?")
    expect(question).to_contain_text("0 people have read it.")
    question.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("1 announcement is withdrawn.")).to_be_visible()
    expect(page.locator(".inbox-history tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Duplicate").click()
    expect(page.get_by_text("This is the copy")).to_be_visible()
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_text("not published")).to_be_visible()


def test_each_language_has_its_fields_and_its_preview(browse: Browse, shared_site: StartSite) -> None:
    page = browse(shared_site(server=["uvicorn"]), "admin", timezone_id="Asia/Shanghai").new_page()
    page.goto("/admin/inbox/broadcast/add/")
    chinese = page.get_by_role("textbox", name="Text (简体中文):")
    chinese.fill("{{time 2026-12-01T02:00 Asia/Shanghai}}")
    page.get_by_role("textbox", name="Title (简体中文):").fill("维护")
    page.get_by_label("Language of the reader").select_option(label="简体中文")
    expect(page.frame_locator("[title=Preview]").locator(".rd-inbox .rd-rich time")).to_contain_text("2026年12月1日")
    expect(page.get_by_label("Title (English)")).to_be_hidden()  # that is the language of the text above
    page.get_by_label("Language:").select_option("zh-hans")
    expect(page.get_by_label("Title (English)")).to_be_visible()
    expect(chinese).to_be_visible()  # there is something in it


def test_readers_see_theirs_or_the_original_with_its_language(browse: Browse, shared_site: StartSite) -> None:
    site = shared_site(server=["uvicorn"])
    title = f"Maintenance {token_hex(3)}"
    words = {"zh-hans": {"title": f"维护 {title[-6:]}", "body": "两点"}}
    person = newcomer(site)
    bells = {}
    for language in ("zh-CN", "fr"):
        bells[language] = tab(browse(site, person, locale=language), "/people/").live()  # no toast comes beside its row
    broadcast = site.call("broadcast", title, body="At two", language="en", translations=words)
    try:
        for bell in bells.values():
            bell.shows("1").news().keep()
        expected = (("zh-CN", words["zh-hans"]["title"], "zh-hans"), ("fr", title, "en"))
        for language, shown, lang in expected:
            bell = bells[language]
            expect(bell.toasts.first.locator("strong")).to_have_text(shown)
            expect(bell.toasts.first.locator("strong b")).to_have_attribute("lang", lang)
        expect(bells["fr"].open().row(title).locator(".rd-body")).to_have_attribute("lang", "en")
        for language, shown, lang in expected:
            bells[language].page.goto("/inbox/")
            expect(InboxPage(bells[language].page).row(shown).locator(f".rd-rich[lang={lang}]")).to_be_visible()
    finally:
        site.call("withdraw", broadcast)


def test_readers_see_moments_in_their_own_time_zone(browse: Browse, shared_site: StartSite) -> None:
    site = shared_site(server=["uvicorn"])
    person = newcomer(site)
    broadcast = site.call("broadcast", f"Night {token_hex(3)}", body=TEXT)
    try:
        for zone, shown in (("Asia/Tokyo", "Dec 1, 2026, 10:00"), ("America/New_York", "Nov 30, 2026, 8:00")):
            row = InboxPage(tab(browse(site, person, timezone_id=zone), "/inbox/").page).row("Night")
            expect(row.locator(".rd-rich time")).to_contain_text(shown)
            expect(row.locator(".rd-rich time")).to_have_attribute("title", re.compile("2 a.m. .Europe/Berlin."))
            expect(row.locator(".rd-time")).to_have_text(re.compile(r"^\d+:\d\d [AP]M$"))
    finally:
        site.call("withdraw", broadcast)


def test_times_are_in_the_zone_of_the_browser(browse: Browse, shared_site: StartSite) -> None:
    page = browse(shared_site(server=["uvicorn"]), "admin", timezone_id="Asia/Tokyo").new_page()
    page.goto("/admin/inbox/broadcast/")
    page.get_by_role("link", name="Add announcement").click()
    expect(page.get_by_text("Time zone: Asia/Tokyo")).to_have_count(2)
