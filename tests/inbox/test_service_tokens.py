"""Tokens of other services: made once, shown once, good for what their scopes say and as often as they may."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from inbox import selectors, services
from inbox.api.shared import throttle
from inbox.errors import BadValue
from inbox.models import Scope, ServiceToken

from .rest import Caller, comment, person, problem
from .services import Service, row_of

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)  # where the fixture `clock` stands
READ = [Scope.MESSAGES_READ]


@pytest.fixture
def owner() -> Any:
    return person("ops", is_superuser=True, is_staff=True)


class TestTheToken:
    def test_only_its_digest_is_kept(self, owner: Any) -> None:
        text = services.create_token("shop", owner, READ)
        assert text.startswith("rd_")
        assert len(text) >= len("rd_") + 43  # 256 bits in base64
        assert text[3:] not in str(vars(row_of(text)))

    def test_two_of_a_name_for_rotation(self, owner: Any) -> None:
        first, second = (services.create_token("shop", owner, READ) for _ in range(2))
        with pytest.raises(BadValue, match="revoke one first"):
            services.create_token("shop", owner, READ)
        services.revoke_token(row_of(first))
        third = services.create_token("shop", owner, READ)
        assert [services.use_token(text) is not None for text in (first, second, third)] == [False, True, True]

    @pytest.mark.parametrize("scopes", [[], ["everything"], ["messages:read", "x"]])
    def test_scopes_are_known(self, owner: Any, scopes: list[str]) -> None:
        with pytest.raises(BadValue):
            services.create_token("shop", owner, scopes)

    @pytest.mark.parametrize("name", ["", "  ", "\u200b\u202e", "\u3164", "a\0b"])
    def test_its_name_can_be_seen(self, owner: Any, name: str) -> None:
        with pytest.raises(BadValue):
            services.create_token(name, owner, READ)

    def test_its_use_is_noted(self, owner: Any, clock: Any) -> None:
        text = services.create_token("shop", owner, READ)
        for seconds, noted in ((0, 0), (59, 0), (61, 61)):
            clock.move_to(NOON + timedelta(seconds=seconds))
            assert services.use_token(text)
            assert row_of(text).last_used_at == NOON + timedelta(seconds=noted)

    @pytest.mark.parametrize("text", ["", "rd_", "rd_x", "x", "rd_\ud800", "rd_\x00"])
    def test_what_is_none(self, text: str) -> None:
        assert services.use_token(text) is None


class TestOverTheApi:
    def test_reads_a_users_badge(self, owner: Any, bob: Any) -> None:
        comment(bob)
        shop = Service(services.create_token("shop", owner, READ))
        answer = shop.get(f"users/{bob.pk}/unread/")
        assert (answer.status_code, answer.json()) == (200, selectors.snapshot(bob).as_dict())

    @pytest.mark.parametrize("user", ["0", "999999", "-1", "x", "9" * 30, "1e3", "%00"])
    def test_nobody_is_404(self, owner: Any, user: str) -> None:
        shop = Service(services.create_token("shop", owner, READ))
        problem(shop.get(f"users/{user}/unread/"), 404)

    def test_mints_a_ticket_for_a_user(self, owner: Any, bob: Any) -> None:
        shop = Service(services.create_token("shop", owner, [Scope.TICKETS]))
        answer = shop("POST", f"users/{bob.pk}/tickets/", {"ttl": 60})
        assert answer.status_code == 201
        assert Service(answer.json()["ticket"]).get("unread/").json()["user"] == bob.pk

    def test_no_ticket_for_who_may_not_sign_in(self, owner: Any, bob: Any) -> None:
        type(bob).objects.filter(pk=bob.pk).update(is_active=False)
        shop = Service(services.create_token("shop", owner, [Scope.TICKETS]))
        problem(shop("POST", f"users/{bob.pk}/tickets/"), 404)

    @pytest.mark.parametrize("end", ["revoked", "expired", "owner deactivated", "owner deleted", "never was"])
    def test_what_has_ended_opens_nothing(self, owner: Any, bob: Any, end: str) -> None:
        text = services.create_token("shop", owner, READ)
        if end == "revoked":
            services.revoke_token(row_of(text))
        elif end == "expired":
            ServiceToken.objects.update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
        elif end == "owner deactivated":
            type(owner).objects.filter(pk=owner.pk).update(is_active=False)
        elif end == "owner deleted":
            owner.delete()
        else:
            text = text[:5] + ("A" if text[5] != "A" else "B") + text[6:]
        answer = Service(text).get(f"users/{bob.pk}/unread/")
        assert problem(answer, 401)["code"] == "bad_token"
        assert 'error="invalid_token"' in answer["WWW-Authenticate"]

    def test_a_scope_is_needed(self, owner: Any, bob: Any) -> None:
        shop = Service(services.create_token("shop", owner, [Scope.BROADCASTS_READ]))
        answer = shop.get(f"users/{bob.pk}/unread/")
        assert problem(answer, 403)["code"] == "missing_scope"
        assert 'scope="messages:read"' in answer["WWW-Authenticate"]

    def test_no_token_is_401(self, bob: Any) -> None:
        assert problem(Caller().get(f"users/{bob.pk}/unread/"), 401)["code"] == "not_signed_in"
        problem(Caller(bob).get(f"users/{bob.pk}/unread/"), 401)

    def test_a_token_opens_nobodys_inbox(self, owner: Any) -> None:
        """Not even its owner's: what acts for a person is a ticket."""
        shop = Service(services.create_token("shop", owner, Scope.values))
        for path in ("unread/", "inbox/", "preferences/"):
            problem(shop.get(path), 401)

    def test_it_is_throttled(self, owner: Any, bob: Any, settings: Any, clock: Any) -> None:
        settings.INBOX_REQUESTS_PER_MINUTE = 2
        shop = Service(services.create_token("shop", owner, READ))
        answers = [shop.get(f"users/{bob.pk}/unread/") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer["RateLimit"] for answer in answers] == [f'"token";r={left};t=60' for left in (1, 0, 0)]
        assert answers[0]["RateLimit-Policy"] == '"token";q=2;w=60'
        assert problem(answers[2], 429)["code"] == "too_many_requests"
        assert answers[2]["Retry-After"] == "60"
        other = Service(services.create_token("post", owner, READ))
        assert other.get(f"users/{bob.pk}/unread/").status_code == 200
        clock.shift(timedelta(seconds=60))
        assert shop.get(f"users/{bob.pk}/unread/").status_code == 200

    def test_a_cache_that_fails_costs_no_request(self, owner: Any, bob: Any, monkeypatch: Any) -> None:
        class Broken:
            def add(self, *args: Any) -> None:
                raise OSError

        monkeypatch.setattr(throttle, "_circuit", throttle.Circuit("It"))
        monkeypatch.setattr(throttle, "cache", Broken())
        shop = Service(services.create_token("shop", owner, READ))
        assert [shop.get(f"users/{bob.pk}/unread/").status_code for _ in range(2)] == [200, 200]


class TestTheCommand:
    def test_prints_it_alone(self, owner: Any) -> None:
        out = StringIO()
        call_command("create_token", "shop", "--scope", "messages:write", "--scope", "tickets", stdout=out)
        token = services.use_token(out.getvalue().splitlines()[-1])
        assert token is not None
        assert (token.owner, token.scopes) == (owner, ["messages:write", "tickets"])

    def test_for_another_owner_and_a_time(self, owner: Any, bob: Any) -> None:
        out = StringIO()
        call_command("create_token", "shop", "--scope", "tickets", "--owner", "bob", "--days", "2", stdout=out)
        token = ServiceToken.objects.get()
        assert token.owner == bob
        assert abs(token.expires_at - token.created_at - timedelta(days=2)) < timedelta(seconds=5)

    @pytest.mark.parametrize(
        "arguments",
        [["shop"], ["shop", "--scope", "all"], ["shop", "--scope", "tickets", "--owner", "nobody"]],
    )
    def test_what_it_refuses(self, owner: Any, arguments: list[str]) -> None:
        with pytest.raises(CommandError):
            call_command("create_token", *arguments)

    def test_without_any_superuser(self, bob: Any) -> None:
        with pytest.raises(CommandError, match="--owner"):
            call_command("create_token", "shop", "--scope", "tickets")


class TestInTheAdmin:
    LIST = "/admin/inbox/servicetoken/"
    ADD = f"{LIST}add/"

    @pytest.fixture
    def admin(self, owner: Any) -> Client:
        client = Client()
        client.force_login(owner)
        return client

    def form(self, owner: Any, **fields: Any) -> dict[str, Any]:
        return {"name": "shop", "owner": owner.pk, "scopes": ["messages:read"], **fields}

    def test_it_is_shown_once(self, admin: Client, owner: Any) -> None:
        page = admin.post(self.ADD, self.form(owner))
        text = page.context["token"]
        assert text in page.content.decode()
        assert "no-store" in page["Cache-Control"]
        token = services.use_token(text)
        assert token is not None
        assert token.scopes == ["messages:read"]
        for path in (self.LIST, f"{self.LIST}{token.pk}/change/", f"{self.LIST}{token.pk}/history/"):
            assert text not in admin.get(path).content.decode()

    def test_the_help_of_the_form_is_not_beside_values(self, admin: Client, owner: Any) -> None:
        token = row_of(services.create_token("shop", owner, READ))
        assert 'class="help"' in admin.get(self.ADD).content.decode()
        assert 'class="help"' not in admin.get(f"{self.LIST}{token.pk}/change/").content.decode()

    def test_a_third_of_a_name_is_a_form_error(self, admin: Client, owner: Any) -> None:
        for _ in range(2):
            services.create_token("shop", owner, READ)
        assert "revoke one first" in admin.post(self.ADD, self.form(owner)).content.decode()
        assert ServiceToken.objects.count() == 2

    def test_no_scope_is_a_form_error(self, admin: Client, owner: Any) -> None:
        assert "This field is required" in admin.post(self.ADD, self.form(owner, scopes=[])).content.decode()

    def test_revoking(self, admin: Client, owner: Any) -> None:
        text = services.create_token("shop", owner, READ)
        chosen = {"action": "revoke_selected", "_selected_action": [row_of(text).pk]}
        assert "1 token is revoked." in admin.post(self.LIST, chosen, follow=True).content.decode()
        assert services.use_token(text) is None

    def test_what_it_may_do_does_not_change(self, admin: Client, owner: Any) -> None:
        page = f"{self.LIST}{row_of(services.create_token('shop', owner, READ)).pk}/change/"
        assert admin.post(page, self.form(owner, scopes=["tickets"])).status_code == 403
        assert ServiceToken.objects.get().scopes == ["messages:read"]
