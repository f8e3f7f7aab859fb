"""An announcement in several languages: each reader gets theirs, or the nearest, or the original."""

from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from inbox import selectors
from inbox.models import Broadcast
from inbox.rendering.texts import Text, chosen

from .rest import Caller, announcement, person, problem, state
from .services import service

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db]

GERMAN = {"title": "Wartung", "body": "Um **zwei**."}
CHINESE = {"title": "维护", "body": "**注意：**两点"}
LANGUAGES = [("en", "English"), ("de", "German"), ("zh-hans", "Simplified Chinese")]


@pytest.fixture(autouse=True)
def languages() -> Any:
    with override_settings(LANGUAGES=LANGUAGES):
        yield


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("de", "de"), ("de-at", "de"), ("DE", "de"), ("zh", "zh-hans"), ("zh-hant", "zh-hans"), ("zh-hans-cn", "zh-hans"),
     ("en", "en"), ("en-gb", "en"), ("fr", "en"), ("d", "en"), ("", "en"), (None, "en")],
)  # fmt: skip
def test_which_text_a_reader_gets(wanted: str | None, language: str) -> None:
    original = Text("en", "Maintenance", "")
    assert chosen(original, {"zh-hans": CHINESE, "de": GERMAN}, wanted).language == language


SMALL = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
KEYS = st.sampled_from(["de", "title", "body", ""])
JSON = st.recursive(
    SMALL, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


@given(JSON)
def test_what_is_no_translation_is_passed_over(translations: Any) -> None:
    original = Text("en", "Maintenance", "At two")
    found = chosen(original, translations, "de")
    assert found == original or (found.language == "de" and found.title == translations["de"]["title"])


class TestReaders:
    @pytest.fixture
    def bob(self) -> Any:
        reader = person("bob")
        announcement(language="en", translations={"de": GERMAN, "zh-hans": CHINESE})
        return reader

    def test_by_the_language_of_the_page_or_of_the_browser(self, bob: Any) -> None:
        def item(query: str = "", accept: str = "") -> Any:
            return Caller(bob)("GET", f"inbox/{query}", headers={"Accept-Language": accept}).json()["items"][0]

        assert item(accept="de-AT,de;q=0.9")["title"] == "Wartung"
        assert item("?language=zh-hans", accept="de")["body"] == "注意：两点"
        shown = item(accept="fr")
        assert (shown["title"], shown["lang"]) == ("Maintenance", "en")
        assert item(accept="de")["body_html"] == "<p>Um <strong>zwei</strong>.</p>\n"

    def test_a_toast(self, bob: Any) -> None:
        with translation.override("de"):
            toast = selectors.newest({bob.pk: 0}, "broadcast")[bob.pk].as_toast()
        assert (toast["title"], toast["body"], toast["lang"]) == ("Wartung", "Um zwei.", "de")

    def test_a_text_whose_language_is_not_known_has_no_lang(self) -> None:
        eve = person("eve")
        announcement()
        [item] = Caller(eve).get("inbox/").json()["items"]
        assert "lang" not in item

    def test_a_row_that_was_never_validated_hides_nothing(self) -> None:
        eve = person("eve")
        announcement(language="en", translations={"de": "Wartung"})
        with translation.override("de"):
            [item] = selectors.inbox_page(eve).items
        assert item.title == "Maintenance"
        [row] = service("broadcasts:read").get("broadcasts/").json()["items"]
        assert row["translations"] == {}
        admin = Client()
        admin.force_login(person("admin", is_staff=True, is_superuser=True))
        assert admin.get(f"/admin/inbox/broadcast/{row['id']}/change/").status_code == 200

    def test_a_new_translation_is_a_change(self, bob: Any) -> None:
        before = state(bob).version
        row = Broadcast.objects.get()
        row.translations = {**row.translations, "de": {**GERMAN, "title": "Wartungsarbeiten"}}
        row.save()
        assert state(bob).version > before
        Broadcast.objects.update(translations={})
        assert state(bob).version > before + 1


@pytest.mark.anywhere
class TestService:
    def test_its_life(self) -> None:
        desk = service("broadcasts:write", "broadcasts:read")
        sent = {"title": "Maintenance", "language": "en", "translations": {"de": GERMAN}}
        made = desk("POST", "broadcasts/", sent).json()
        assert (made["language"], made["translations"]) == ("en", {"de": GERMAN})
        path = f"broadcasts/{made['id']}/"
        changed = desk("PATCH", path, {"translations": {"zh-hans": {"title": "维护"}}}).json()
        assert changed["translations"] == {"zh-hans": {"title": "维护", "body": ""}}
        assert desk("PATCH", path, {"translations": {}}).json()["translations"] == {}

    def test_what_is_left_out_of_any_language(self) -> None:
        sent = {"title": "x", "translations": {"de": {"title": "y", "body": "[x](ftp://a)"}}}
        assert service("broadcasts:write")("POST", "broadcasts/", sent).json()["left_out"] == [
            "The link to ftp://a is left out."
        ]

    @pytest.mark.parametrize(
        "fields",
        [{"language": "fr"}, {"language": ""}, {"translations": {"fr": GERMAN}},
         {"translations": {"de": {"body": "x"}}}, {"translations": {"de": {"title": ""}}},
         {"translations": {"de": {**GERMAN, "url": "/"}}},
         {"translations": {"de": {"title": "x" * 201}}}, {"translations": []}],
    )  # fmt: skip
    def test_what_is_refused(self, fields: dict[str, Any]) -> None:
        problem(service("broadcasts:write")("POST", "broadcasts/", {"title": "x", **fields}), 422)
        assert not Broadcast.objects.exists()


@pytest.mark.anywhere
class TestAdministration:
    FORM = {
        "title": "Maintenance", "body": "At two.", "language": "en", "level": "info", "url": "",
        "audience": "everyone", "in_inbox": "on",
        "publish_at_0": "", "publish_at_1": "", "expires_at_0": "", "expires_at_1": "",
    }  # fmt: skip
    ADD = "/admin/inbox/broadcast/add/"

    @pytest.fixture
    def admin(self) -> Client:
        client = Client()
        client.force_login(person("admin", is_staff=True, is_superuser=True))
        return client

    def test_texts_in_every_language(self, admin: Client) -> None:
        texts = {"title_de": "Wartung", "body_de": "Um **zwei**.", "title_zh_hans": "维护"}
        answer = admin.post(self.ADD, {**self.FORM, **texts}, follow=True)
        made = Broadcast.objects.get()
        assert made.translations == {"de": GERMAN, "zh-hans": {"title": "维护", "body": ""}}
        assert "No text in" not in answer.content.decode()
        page = admin.get(f"/admin/inbox/broadcast/{made.pk}/change/").content.decode()
        assert 'value="Wartung"' in page
        admin.post(f"/admin/inbox/broadcast/{made.pk}/change/", {**self.FORM, "title_de": "Neu"})
        made.refresh_from_db()
        assert made.translations == {"de": {"title": "Neu", "body": ""}}

    def test_it_says_which_languages_are_missing(self, admin: Client) -> None:
        answer = admin.post(self.ADD, {**self.FORM, "title_de": "Wartung"}, follow=True)
        assert "No text in: 简体中文." in answer.content.decode()

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [({"body_de": "Um zwei."}, "needs a title"), ({"title_en": "Again"}, "the language of the text above"),
         ({"title_de": "x" * 201}, "at most 200")],
    )  # fmt: skip
    def test_what_is_refused(self, admin: Client, fields: dict[str, str], sentence: str) -> None:
        assert sentence in admin.post(self.ADD, {**self.FORM, **fields}).content.decode()
        assert not Broadcast.objects.exists()

    def test_a_language_that_the_site_has_lost_stays(self, admin: Client) -> None:
        made = announcement(language="fr", translations={"it": GERMAN, "de": GERMAN})
        path = f"/admin/inbox/broadcast/{made.pk}/change/"
        assert admin.post(path, {**self.FORM, "language": "fr", "title": "New"}).status_code == 302
        made.refresh_from_db()
        assert (made.title, made.language, made.translations) == ("New", "fr", {"it": GERMAN})

    def test_a_language_that_django_does_not_know(self, admin: Client) -> None:
        with override_settings(LANGUAGES=[*LANGUAGES, ("qx", "Our own")]):
            assert "Title (Our own)" in admin.get(self.ADD).content.decode()

    def test_who_may_only_look_sees_them(self) -> None:
        from .test_admin_broadcasts import staff

        made = announcement(language="en", translations={"de": GERMAN})
        page = staff("reader", "view_broadcast").get(f"/admin/inbox/broadcast/{made.pk}/change/")
        assert "Wartung" in page.content.decode()
