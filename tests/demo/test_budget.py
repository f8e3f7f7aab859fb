"""A page goes on trying no longer than a request of the API."""

from contextlib import suppress

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from inbox.core.patience import ATTEMPTS
from inbox.models import ledger
from notify_site.urls import handler500 as handler500
from notify_site.urls import urlpatterns as site

tries: list[int] = []


@ledger.retrying
def always_locked() -> None:
    tries.append(1)
    raise OperationalError("locked")


def locked(_request: HttpRequest) -> HttpResponse:
    with suppress(OperationalError):
        always_locked()
    always_locked()
    return HttpResponse()


urlpatterns = [path("locked/", locked), *site]


@pytest.mark.django_db(transaction=True)
@override_settings(ROOT_URLCONF=__name__)
def test_all_calls_of_a_page_have_one_budget(client: Client) -> None:
    client.raise_request_exception = False
    for _page in range(2):
        tries.clear()
        assert client.get("/locked/").status_code == 503
        assert len(tries) == ATTEMPTS + 1
