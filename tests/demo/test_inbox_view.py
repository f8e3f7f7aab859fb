"""The frame of /inbox/, in this site and in others."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db


def test_inbox_page_has_a_tab_for_every_type(site: Client, alice: User) -> None:
    page = site.get("/inbox/?type=comment").content.decode()
    for name in ("comment", "follow", "like", "mention", "share", "system", "broadcast"):
        assert f'data-type="{name}"' in page
    assert f'data-api="/api/v1/" data-user="{alice.pk}"' in page
    assert "csrftoken" in site.cookies


def test_it_is_for_members(client: Client) -> None:
    assert client.get("/inbox/").headers["Location"] == "/accounts/login/?next=/inbox/"


def test_it_answers_to_forms_and_links_only(site: Client) -> None:
    assert site.put("/inbox/").status_code == 405


def test_no_inline_script_or_style(site: Client) -> None:
    page = site.get("/inbox/").content.decode()
    assert "<script>" not in page
    assert "style=" not in page
    assert "onclick" not in page


def test_it_works_below_a_path_and_in_a_namespace(site: Client, settings: Settings) -> None:
    settings.ROOT_URLCONF, settings.LOGIN_URL = "tests.inbox.elsewhere", "/enter/"
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": []}]  # without this site's base.html
    page = site.get("/mail/inbox/").content.decode()
    assert 'data-api="/mail/api/v1/"' in page
    assert '<a href="/mail/inbox/" data-type=""' in page
    assert "<notification-bell" not in page
