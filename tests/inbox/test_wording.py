"""What messages say: formats that can't be filled are found at start, and no value reaches beyond its place."""

import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils.translation import get_language, override
from hypothesis import example, given
from hypothesis import strategies as st

from inbox import selectors, services
from inbox.checks import formats
from inbox.models import CommentMessage, LikeMessage, SystemMessage
from inbox.rendering import bidi
from inbox.rendering.bidi import FSI, PDI, balanced, isolated
from inbox.rendering.wording import ELLIPSIS, fill, shortened
from inbox.selectors import items, pages

from .people import live, people
from .rest import Caller

pytestmark = pytest.mark.anywhere


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


UNFIT = [
    "{nobody}",
    "{}",
    "{0}",
    "{actor.password}",
    "{actor.__class__}",
    "{target_title[0]}",
    "{actor!x}",
    "{",
    "}",
    "{seq:Q}",
    "{seq:{seq}}",
    "{target_title:>999999999}",
    "{read_at:%d %B}",  # of a column that may be null
    "{order}",
]


class TestChecks:
    def test_ours_can_be_filled(self) -> None:
        assert formats.check_formats() == []

    @pytest.mark.parametrize("name", formats.FORMATS)
    @pytest.mark.parametrize("form", UNFIT)
    def test_what_cannot_be_filled(self, name: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(LikeMessage, name, form)
        [error] = formats.check_formats()
        assert error.id == "inbox.E003"
        assert f"inbox.LikeMessage.{name}" in error.msg
        assert form in error.msg

    @pytest.mark.parametrize(
        "form", ["{actor!r:>20}", "{seq:,d}", "{{actor}}", "{created_at:%d %B %Y}", "{actor_id}", ""]
    )
    def test_what_can(self, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(LikeMessage, "title_format", form)
        assert formats.check_formats() == []

    def test_a_slip_in_one_language(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Slip:
            def __str__(self) -> str:
                return "{actor} 赞了 {taget_title}" if get_language() == "zh-hans" else "{actor} liked {target_title}"

        monkeypatch.setattr(LikeMessage, "title_format", Slip())
        [error] = formats.check_formats()
        assert "zh-hans" in error.msg
        assert "taget_title" in error.msg

    def test_translations_that_cannot_be_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def override(language: str) -> Any:
            raise OSError("not a catalog")

        monkeypatch.setattr(formats, "override", override)
        assert {error.id for error in formats.check_formats()} == {"inbox.E004"}

    def test_a_type_that_renders_itself_needs_no_format(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(LikeMessage, "title_format", "{nobody}")
        monkeypatch.setattr(LikeMessage, "render_title", lambda self: "Liked")
        assert formats.check_formats() == []


@pytest.mark.django_db
class TestItems:
    @pytest.fixture(autouse=True)
    def nothing_logged_yet(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(items, "_logged", set())

    @pytest.mark.parametrize("form", UNFIT)
    def test_an_item_that_cannot_be_rendered_has_its_types_name(
        self, form: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        [user] = people(1)
        services.send([user], LikeMessage, target_title="Tea")
        services.send([user], CommentMessage, target_title="Tea")
        monkeypatch.setattr(LikeMessage, "title_format", form)
        for _ in range(2):
            titles = [item.title for item in selectors.inbox_page(user).items]
            assert titles == ["Someone commented on “Tea”", "like"]
        assert selectors.item(user, LikeMessage.objects.get().ref).title == "like"
        assert len(caplog.records) == 1

    @pytest.mark.parametrize(("name", "value"), [("level", "urgent"), ("level", None)])
    @pytest.mark.urls("tests.inbox.urls")
    def test_no_field_of_one_item_hides_the_page(
        self, name: str, value: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        services.send([bob], CommentMessage, target_title="Tea")
        services.send([bob], LikeMessage, target_title="Tea")
        monkeypatch.setattr(LikeMessage, name, value)
        page = Caller(bob).get("inbox/")
        assert page.status_code == 200
        assert [item["type"] for item in page.json()["items"]] == ["like", "comment"]
        assert {item["level"] for item in page.json()["items"]} == {"info"}

    @pytest.mark.parametrize("made", ["", "  ", None, "\ud800", 7])
    @pytest.mark.urls("tests.inbox.urls")
    def test_nor_does_a_title_of_the_sites_own(self, made: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        services.send([bob], LikeMessage, target_title="Tea")
        monkeypatch.setattr(LikeMessage, "render_title", lambda self: made)
        [item] = Caller(bob).get("inbox/").json()["items"]
        assert item["title"] == {None: "None", 7: "7"}.get(made, "like")

    def test_a_column_of_one_row_that_cannot_be_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def decrypted(text: str, *of: Any) -> str:
            if text == "garbled":
                raise ValueError("encrypted with another key")
            return text

        [user] = people(1)
        for title in ("Tea", "garbled", "Milk"):
            services.send([user], LikeMessage, target_title=title)
        monkeypatch.setattr(LikeMessage._meta.get_field("target_title"), "from_db_value", decrypted, raising=False)
        monkeypatch.setattr(
            pages, "kept_parts", cache(pages.kept_parts.__wrapped__)
        )  # which columns are converted is kept
        titles = [item.title for item in selectors.inbox_page(user).items]
        assert titles == ["Someone liked “Milk”", "like", "Someone liked “Tea”"]

    def test_a_text_that_does_not_name_the_column_is_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def decrypted(text: str, *of: Any) -> str:
            raise ValueError("encrypted with another key")

        [user] = people(1)
        services.send([user], CommentMessage, target_title="Tea", excerpt="garbled")
        monkeypatch.setattr(CommentMessage._meta.get_field("excerpt"), "from_db_value", decrypted, raising=False)
        monkeypatch.setattr(pages, "kept_parts", cache(pages.kept_parts.__wrapped__))
        [item] = selectors.inbox_page(user).items
        assert (item.title, item.body) == ("Someone commented on “Tea”", "")

    def test_an_actor_without_a_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        [user] = people(1)
        monkeypatch.setattr("django.contrib.auth.models.AbstractUser.get_full_name", lambda self: self.profile.name)
        services.send([user], LikeMessage, actor=user, target_title="Tea")
        assert [item.title for item in selectors.inbox_page(user).items] == ["like"]

    def test_a_broadcast_whose_text_cannot_be_rendered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def overflow(text: str) -> str:
            raise RecursionError

        monkeypatch.setattr(items, "plain_text", overflow)
        [user] = people(1)
        live(title="News", body="**Tea** <b>")
        [item] = selectors.inbox_page(user).items
        assert (item.title, item.body, item.body_html) == ("News", "**Tea** <b>", None)


CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
turning = st.text(st.sampled_from([*CONTROLS, "a", "א", "ع", "1", "\n", "\u2029", "\r", " "]), max_size=20)


def open_at_the_end(paragraph: str) -> list[str]:
    """The controls that reach beyond a paragraph; AssertionError for one that closes what is not its own (UAX #9)."""
    stack: list[str] = []
    for character in paragraph:
        if character in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068":
            stack.append(character)
        elif character == "\u202c":
            assert stack
            assert stack.pop() in "\u202a\u202b\u202d\u202e"
        elif character == PDI:
            while stack and stack[-1] in "\u202a\u202b\u202d\u202e":
                stack.pop()
            assert stack, "it closes the isolate around it"
            stack.pop()
    return stack


def paragraphs(text: str) -> list[str]:
    kinds = "".join("\n" if unicodedata.bidirectional(character) == "B" else character for character in text)
    return kinds.split("\n")


@pytest.mark.any_django
class TestDirections:
    @given(text=turning)
    @example("\u202e")
    @example("a\u2069\u202eb")
    @example("\u2066\u202e\u2069\u202c")
    @example("\u202e\n\u202e")
    def test_no_value_turns_what_is_around_it(self, text: str) -> None:
        for made in (balanced(text), isolated(text)):
            assert all(open_at_the_end(paragraph) == [] for paragraph in paragraphs(made))
            assert made.translate(dict.fromkeys(map(ord, CONTROLS))) == text.translate(
                dict.fromkeys(map(ord, CONTROLS))
            )
        assert balanced(balanced(text)) == balanced(text)

    @given(text=turning.filter(str.strip))
    def test_what_could_turn_is_in_an_isolate(self, text: str) -> None:
        turns = {"R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}
        if turns & set(map(unicodedata.bidirectional, text)):
            for paragraph in paragraphs(isolated(text)):
                assert not paragraph or (paragraph[0], paragraph[-1]) == (FSI, PDI)

    def test_every_character_that_runs_from_right_to_left_is_known(self) -> None:
        turning = {"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}
        everything = map(chr, range(sys.maxunicode + 1))
        assert all(bidi._TURNS.search(each) for each in everything if unicodedata.bidirectional(each) in turning)

    def test_plain_text_stays_as_it_is(self) -> None:
        assert isolated("Alice “小红点” é 😀 100%") == "Alice “小红点” é 😀 100%"

    def test_where_the_page_runs_from_right_to_left_all_values_are_isolated(self) -> None:
        with override("he"):
            assert isolated("C++") == f"{FSI}C++{PDI}"

    def test_a_name_turns_no_title(self) -> None:
        actor = get_user_model()(username="eve\u202e")
        comment = CommentMessage(target_title="שלום", actor=actor)
        assert comment.render_title() == f"{FSI}eve\u202e\u202c{PDI} commented on “{FSI}שלום{PDI}”"

    def test_a_text_that_is_all_there_is_keeps_its_direction(self) -> None:
        """A page with dir=auto looks at the first letter that is in no isolate."""
        assert SystemMessage(title="שלום", body="a\u202eb").render_title() == "שלום"
        assert SystemMessage(title="x", body="a\u202eb").render_body() == "a\u202eb\u202c"


@pytest.mark.any_django
class TestCutting:
    @given(text=st.text(max_size=60) | turning, most=st.integers(1, 40))
    def test_a_cut_text_begins_the_same(self, text: str, most: int) -> None:
        cut = shortened(text, most)
        if len(text) <= most:
            assert cut == text
        else:
            assert cut.endswith(ELLIPSIS)
            plain = cut.removesuffix(ELLIPSIS).translate(dict.fromkeys(map(ord, CONTROLS)))
            assert text.translate(dict.fromkeys(map(ord, CONTROLS))).startswith(plain)
            assert all(open_at_the_end(paragraph) == [] for paragraph in paragraphs(cut))

    @pytest.mark.parametrize("whole", ["👨‍👩‍👧", "🇩🇪", "👍🏽", "é", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"])
    def test_what_a_reader_takes_for_one_character_stays_whole(self, whole: str) -> None:
        for most in range(2, 40):
            kept = shortened(whole * 40, most).removesuffix(ELLIPSIS)
            assert kept == whole * (len(kept) // len(whole))

    def test_an_isolate_is_closed_before_the_dots(self) -> None:
        assert shortened(f"by {FSI}אבגדה{PDI} now", 7) == f"by {FSI}אב{PDI}{ELLIPSIS}"


def test_a_format_is_filled_as_python_would() -> None:
    words = {"a": "x", "b": 7}
    for form in ("{a}", "{a} and {b:03d}", "{{a}} {a!r}", "", "none", "{a}{a}"):
        assert fill(form, words) == form.format_map(words)
