"""What is let in as a link, Chromium reads as the same host or path."""

from typing import Any
from urllib.parse import urlsplit

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from inbox.rendering.links import is_link
from tests.inbox.examples import examples
from tests.inbox.links import links
from tests.inbox.test_links import FINE

READ = """(links) => links.map((link) => {
    try { const url = new URL(link, "https://site.example/inbox/"); return [url.host, url.protocol]; }
    catch { return null; }
})"""
QUICKLY = settings(
    phases=[Phase.generate],
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def some_links() -> list[str]:
    found: list[str] = list(FINE)

    @examples(400, QUICKLY)
    @given(link=links | st.from_regex(r"https?://[a-z]\w{0,5}\.\w{1,5}", fullmatch=True))
    def collect(link: str) -> None:
        if is_link(link):
            found.append(link)

    collect()
    return found


def test_chromium_reads_every_link_that_is_let_in(chromium: Browser) -> None:
    let_in = some_links()
    page = chromium.new_page()
    answers: list[Any] = page.evaluate(READ, let_in)
    page.close()
    read = dict(zip(let_in, answers, strict=True))
    assert len(read) > 100
    assert [link for link, answer in read.items() if answer is None] == []
    paths = [link for link in read if not urlsplit(link).scheme]
    assert [link for link in paths if read[link] != ["site.example", "https:"]] == []
