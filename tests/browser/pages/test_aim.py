"""Aiming an announcement: parts of a union, people found by a search, and who is left out."""

import re
from secrets import token_hex

from playwright.sync_api import FilePayload, expect

from tests.browser.axe import violations
from tests.browser.conftest import Browse
from tests.browser.pages.walk import PHONE, TOO_WIDE
from tests.conftest import StartSite

ADD = "/admin/inbox/broadcast/add/"


def test_a_union_without_others(browse: Browse, shared_site: StartSite) -> None:
    page = browse(shared_site(server=["uvicorn"]), "admin").new_page()
    page.goto(ADD)
    reach = page.locator(".field-audience .inbox-reach")
    search = page.get_by_role("combobox", name="People").first
    expect(search).to_be_hidden()
    page.get_by_role("radiogroup", name="Audience").get_by_role("radio", name="Several").check()
    expect(reach).to_have_text("Nobody is in this audience.")
    search.press_sequentially("bo")
    page.get_by_role("option", name="bob").first.click()
    expect(reach).to_have_text("1 person: bob")
    search.press_sequentially("alic")
    expect(page.get_by_role("option", name="alice").first).to_be_visible()
    search.press("ArrowDown")
    search.press("Enter")
    expect(reach).to_have_text("2 people: alice, bob")
    search.press_sequentially("bob")  # who is chosen is not suggested again
    expect(page.get_by_text("Nobody else is found.")).to_be_visible()
    search.press("Escape")
    page.get_by_text("But not for").click()
    other = page.get_by_role("combobox", name="People").nth(1)
    other.fill("alice")
    page.get_by_role("option", name="alice").first.click()
    expect(reach).to_have_text("1 person: bob")
    title = f"Tea {token_hex(4)}"
    page.get_by_label("Title:", exact=True).fill(title)
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_text("not published")).to_be_visible()
    expect(page.locator(".field-people .inbox-chosen li")).to_have_text([re.compile("alice"), re.compile("bob")])
    expect(page.locator(".field-without_people .inbox-chosen li")).to_have_text([re.compile("alice")])  # it is open
    page.get_by_role("button", name="Take out bob").click()
    expect(reach).to_have_text("Nobody is in this audience.")
    assert violations(page) == []


def test_on_a_phone(browse: Browse, shared_site: StartSite) -> None:
    page = browse(shared_site(server=["uvicorn"]), "admin", viewport=PHONE).new_page()
    page.goto(ADD)
    page.get_by_role("radio", name="Several").check()
    page.get_by_role("combobox", name="People").first.press_sequentially("a")
    expect(page.locator(".inbox-found [role=option]").first).to_be_visible()
    assert page.evaluate(TOO_WIDE, ["100%"]) == []


def test_an_uploaded_list(browse: Browse, shared_site: StartSite) -> None:
    page = browse(shared_site(server=["uvicorn"]), "admin").new_page()
    page.goto(ADD)
    page.get_by_label("Title:", exact=True).fill(f"Tea {token_hex(4)}")
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_role("link", name="Lists…").click()
    content = b"alice\nbob\nbob\nnobody\n"
    file: FilePayload = {"name": "list.csv", "mimeType": "text/csv", "buffer": content}
    page.get_by_label("File:").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("2 people are on the list")).to_be_visible()
    expect(page.get_by_text("1 line names nobody: nobody")).to_be_visible()
    expect(page.get_by_text("In the audience: 2")).to_be_visible()
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all as CSV").click()
    assert download.value.path().read_bytes() == b'\xef\xbb\xbf"nobody"\r\n'
    broken = '{"done": 1, "total": 2}\n'
    page.route("**/lists/", lambda route: route.fulfill(body=broken, content_type="application/x-ndjson"))
    page.get_by_label("File:").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("The connection was lost")).to_be_visible()
    page.unroute("**/lists/")
    page.route("**/lists/", lambda route: route.fulfill(body="<p>Sign in", content_type="text/html"))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("This was refused, and nobody was added.")).to_be_visible()
    page.unroute("**/lists/")
    page.reload()
    page.get_by_role("button", name="Remove this list").click()
    expect(page.get_by_role("button", name="Remove this list")).to_have_count(0)


def test_a_saved_filter(browse: Browse, shared_site: StartSite) -> None:
    page = browse(shared_site(server=["uvicorn"]), "admin").new_page()
    name = f"all {token_hex(4)}"
    page.goto("/admin/inbox/audiencefilter/add/")
    page.get_by_label("Name:").fill(name)
    page.get_by_label("Registered since:").fill("2020-01-01")
    assert violations(page) == []
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(ADD)
    chosen = page.get_by_role("group", name="Audience", exact=True).get_by_label(name)
    expect(chosen).to_be_hidden()
    page.get_by_role("radio", name="Several").check()
    chosen.check()
    expect(page.locator(".field-audience .inbox-reach")).to_contain_text("alice, bob")
    assert page.evaluate(TOO_WIDE, ["100%"]) == []
