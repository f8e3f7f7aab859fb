"""What the Markdown of an announcement becomes, and that its author is told of everything that it does not."""

import re
from collections.abc import Iterator
from typing import Any

import nh3
import pytest
from django.test import override_settings
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox.checks.settings import check_image_hosts
from inbox.rendering import markdown, markup

pytestmark = [pytest.mark.anywhere, pytest.mark.any_django]


@pytest.fixture(autouse=True)
def images() -> Iterator[None]:
    with override_settings(MEDIA_URL="/media/", INBOX_IMAGE_HOSTS=["Images.example.org"]), translation.override("en"):
        yield


def inline(text: str) -> str:
    html = markup.safe_html(text)
    assert html.startswith("<p>") and html.endswith("</p>\n"), html  # noqa: PT018
    return html[3:-5]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**注意：**今晚", "<strong>注意：</strong>今晚"),
        ("请看**“重要”**通知", "请看<strong>“重要”</strong>通知"),
        ("**この文（例）。**次", "<strong>この文（例）。</strong>次"),
        ("**이 용어(term)**를", "<strong>이 용어(term)</strong>를"),
        ("~~旧：~~新", "<s>旧：</s>新"),
        ("*a*b **c.**d", "<em>a</em>b **c.**d"),  # as CommonMark has it
        ("snake_case_name", "snake_case_name"),
        ("2 * 3 * 4", "2 * 3 * 4"),
    ],
)
def test_emphasis(text: str, html: str) -> None:
    assert inline(text) == html


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.org/a_b?c=1.", ["https://example.org/a_b?c=1"]),
        ("mail me@example.org", ["mailto:me@example.org"]),
        ("[us](mailto:me@example.org)", ["mailto:me@example.org"]),
        ("[here](/posts/1/) [there](#x)", ["/posts/1/", "#x"]),
        ("[a] and [b][a]\n\n[a]: https://example.org", ["https://example.org"] * 2),
        ("readme.md and example.org are words", []),
    ],
)
def test_links(text: str, links: list[str]) -> None:
    found = markup.rendered(text)
    assert re.findall('href="([^"]*)"', found.html) == links
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("text", "shown", "named"),
    [
        ("[x](javascript:alert(1))", "x", "javascript:alert(1)"),
        ("<ftp://example.org/>", "ftp://example.org/", "ftp://example.org/"),
        ("[x](//evil.example)", "x", "//evil.example"),
        ("[x](http://user@evil.example/)", "x", "http://user@evil.example/"),
        ("[x](https://example.org/" + "y" * 90 + "<)", None, "https://example.org/" + "y" * 39 + "…"),
        ("![A cat](https://evil.example/cat.png)", "A cat", "https://evil.example/cat.png"),
        ("![A cat](http://images.example.org/cat.png)", "A cat", "http://images.example.org/cat.png"),
        ("![A **big** cat](data:image/png;base64,AA)", "A big cat", "data:image/png;base64,AA"),
        ("![x](/media/../secret)", "x", "/media/../secret"),
    ],
)
def test_what_is_not_allowed_is_its_text_and_the_author_is_told(text: str, shown: str | None, named: str) -> None:
    found = markup.rendered(text)
    assert not re.search("<a |<img", found.html) or shown is None
    if shown is not None:
        assert markup.plain_text(text) == shown
        [sentence] = found.left_out
        assert named in sentence


@pytest.mark.parametrize("address", ["https://images.example.org/cat.png", "/media/cat.png"])
def test_images_of_hosts_that_the_site_names(address: str) -> None:
    text = f"Look: ![A <cat>]({address} 'Mia')"
    found = markup.rendered(text)
    assert f'<img src="{address}" alt="A &lt;cat&gt;" title="Mia" loading="lazy"' in found.html
    assert found.left_out == ()
    assert markup.plain_text(text) == "Look: A <cat>"


@pytest.mark.parametrize(
    ("hosts", "wrong"),
    [([], 0), (["a.example", "b.example:8443"], 0), ("a.example", 1), (["https://a.example", "a b", 7], 3)],
)
def test_wrong_hosts_are_reported_at_start(hosts: Any, wrong: int) -> None:
    with override_settings(INBOX_IMAGE_HOSTS=hosts):
        assert [found.id for found in check_image_hosts()] == ["inbox.E013"] * wrong


def test_no_image_is_allowed_where_the_site_names_none() -> None:
    with override_settings(MEDIA_URL="", INBOX_IMAGE_HOSTS=[]):
        assert "<img" not in markup.safe_html("![a](/media/cat.png) ![b](/cat.png) ![c](https://images.example.org/c)")


def test_tables() -> None:
    found = markup.rendered("| a | b |\n|:-:|--:|\n| **1** | 2\\|3 |")
    assert '<th class="rd-center">a</th>' in found.html
    assert '<td class="rd-right">2|3</td>' in found.html
    assert "style" not in found.html
    assert found.left_out == ()


def test_cells_that_a_table_has_no_column_for_are_reported() -> None:
    found = markup.rendered("|a|b|\n|-|-|\n|1|2|\n|1|2|3|\n\n|c|\n|-|\n|1|\n")
    assert "3" not in markup.plain_text("|a|b|\n|-|-|\n|1|2|3|\n")
    assert len(found.left_out) == 1
    assert len(markup.rendered("- a\n\n  |a|b|\n  |-|-|\n  |1|2|3|\n").left_out) == 1
    assert markup.rendered("> |a|b|\n> |-|-|\n> |1|2\n").left_out == ()


def test_a_huge_table_is_shown_as_text() -> None:
    text = "|a|b|c|\n|-|-|-|\n" + "|\n" * 1000
    found = markup.rendered(text)
    assert "<table" not in found.html
    assert len(found.left_out) == 1
    assert "<table" in markup.safe_html("|a|b|c|\n|-|-|-|\n" + "|\n" * 600)


def test_a_list_keeps_its_first_number() -> None:
    assert markup.safe_html("3. a\n4. b").startswith('<ol start="3">')


def test_what_is_nested_too_deeply_is_reported() -> None:
    assert markup.rendered("> " * 20 + "a").left_out == ()
    found = markup.rendered("> " * 150 + "a")
    assert "a</p>" in found.html or len(found.left_out) == 1
    assert found.left_out


def test_one_long_address_is_not_repeated_without_end() -> None:
    found = markup.rendered("[a]: https://example.org/" + "x" * 5000 + "\n\n" + "[a] " * 1000)
    assert len(found.html) < 60_000
    assert found.left_out


def test_html_is_text() -> None:
    assert inline("<b onclick=x>bold</b> &copy;") == "&lt;b onclick=x&gt;bold&lt;/b&gt; ©"


class TestTimes:
    def test_a_moment_in_its_zone(self) -> None:
        text = "From {{time 2026-12-01T02:00 Europe/Berlin}} on"
        assert '<time datetime="2026-12-01T01:00Z">Dec. 1, 2026, 2 a.m. (Europe/Berlin)</time>' in inline(text)
        assert markup.plain_text(text) == "From Dec. 1, 2026, 2 a.m. (Europe/Berlin) on"

    def test_in_the_active_language(self) -> None:
        with translation.override("zh-hans"):
            assert "2026年12月1日 02:00 (Europe/Berlin)" in markup.plain_text("{{time 2026-12-01T02:00 Europe/Berlin}}")

    @pytest.mark.parametrize(
        "inside",
        [
            "2026-03-29T02:30 Europe/Berlin",  # skipped
            "2026-10-25T02:30 Europe/Berlin",  # twice
            "2026-12-01T02:00 Mars/Olympus",
            "2026-12-01T02:00 ../etc/passwd",
            "tomorrow Europe/Berlin",
            "2026-12-01T02:00+01:00 Europe/Berlin",
            "0001-01-01T00:00 Asia/Tokyo",
        ],
    )
    def test_what_is_no_moment_stays_as_written_and_is_reported(self, inside: str) -> None:
        text = f"{{{{time {inside}}}}}"
        found = markup.rendered(text)
        assert "<time" not in found.html
        assert markup.plain_text(text) == text
        [sentence] = found.left_out
        assert sentence.startswith(text)

    @pytest.mark.parametrize("text", ["{{ time }}", "{{name}}", "{{time 2026-12-01T02:00}}", "`{{time a b}}`"])
    def test_other_braces_are_text(self, text: str) -> None:
        assert "<time" not in markup.safe_html(text)
        assert markup.rendered(text).left_out == ()


PIECES = [
    *("[", "](", ")", "![", "<", ">", "**", "~~", "`", "|", "\n|-|-|\n", "\n", "- ", "> ", "1. ", "#", "```x\n"),
    *(
        "{{time ",
        "}}",
        "javascript:",
        "data:x",
        "mailto:a@b.example",
        "https://a.example/",
        "<https://a.example>",
        "/media/a",
    ),
    *("onerror=", '"', "'", "&lt;", "\\", "注意：", "a", " ", "<img src=x onerror=alert(1)>", "<style>"),
]


# Whatever the parser could make, in the sanitiser's own spelling.
ATTRIBUTES = "href title src alt loading referrerpolicy start datetime class style onerror onclick id"
EVERYTHING: dict[str, Any] = {
    "tags": {*nh3.ALLOWED_TAGS, "iframe", "svg", "object", "form", "input", "button"},
    "attributes": {"*": set(ATTRIBUTES.split())},
    "url_schemes": {"http", "https", "mailto", "javascript", "data", "ftp", "file", "vbscript"},
}


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@settings(max_examples=100, deadline=None)
def test_the_sanitiser_finds_nothing_to_remove(text: str) -> None:
    """It stands behind the parser's own decisions, which are the ones that the author is told."""
    made = markdown.render(markdown.parse(text).tokens)
    assert markup.safe_html(text) == nh3.clean(made, **EVERYTHING)
