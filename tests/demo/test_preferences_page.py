"""/inbox/preferences/: a ticked type is counted, an unticked one is muted."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from inbox import selectors

pytestmark = pytest.mark.django_db

ADDRESS = "/inbox/preferences/"


def test_what_is_unticked_is_muted(site: Client, alice: User) -> None:
    assert site.get(ADDRESS).content.decode().count(" checked>") == 6
    told = ["share", "follow", "comment", "mention", "system"]
    page = site.post(ADDRESS, {"told": told}, follow=True).content.decode()
    assert "Saved." in page
    assert page.count(" checked>") == 5
    assert selectors.muted(alice) == ["like"]


def test_nothing_ticked(site: Client, alice: User) -> None:
    assert site.post(ADDRESS, {}).status_code == 302
    assert len(selectors.muted(alice)) == 6


def test_an_unknown_type_changes_nothing(site: Client, alice: User) -> None:
    page = site.post(ADDRESS, {"told": ["parcels"]}).content.decode()
    assert "parcels is not one of the available choices" in page
    assert selectors.muted(alice) == []


def test_it_is_for_members(client: Client) -> None:
    assert client.get(ADDRESS).headers["Location"] == f"/accounts/login/?next={ADDRESS}"


def test_no_inline_script_or_style(site: Client) -> None:
    page = site.get(ADDRESS).content.decode()
    assert "<script>" not in page
    assert " style=" not in page
