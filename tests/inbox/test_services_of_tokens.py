"""Whose a service is: its keys and sends are opened by its own tokens, and by no name."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client

from inbox import services
from inbox.errors import BadValue
from inbox.models import Send, ServiceToken
from inbox.models import Service as Program

from .rest import person, problem
from .services import Service, row_of

pytestmark = [pytest.mark.urls("tests.inbox.urls"), pytest.mark.django_db, pytest.mark.anywhere, pytest.mark.any_django]

SCOPES = ["messages:write", "messages:read"]
ADD = "/admin/inbox/servicetoken/add/"


def token(owner: Any, name: str = "shop", of: Program | None = None) -> str:
    return services.create_token(name, owner, SCOPES, service=of)


def reaches(text: str, number: int) -> bool:
    return bool(Service(text).get(f"sends/{number}/").status_code == 200)


@pytest.fixture
def ann() -> Any:
    return person("ann", is_staff=True)


@pytest.fixture
def sent(ann: Any, bob: Any) -> int:
    """A send of Ann's service "shop", all of whose tokens are deleted since."""
    text = token(ann)
    number = Service(text)("POST", "messages/", {"type": "follow", "recipients": [bob.pk], "key": "k"}).json()["send"]
    row_of(text).delete()
    return int(number)


def shop() -> Program:
    return Program.objects.get(name="shop")


@pytest.mark.parametrize("who", ["ann", "eve"])
def test_a_name_alone_does_not_open_it(sent: int, ann: Any, who: str) -> None:
    """Nobody knows whose it was, so it is not Ann's either, until it is chosen."""
    owner = ann if who == "ann" else person("eve")
    with pytest.raises(BadValue, match="no tokens any more"):
        token(owner)
    text = token(owner, "shop 2")
    assert not reaches(text, sent)
    problem(Service(text)("DELETE", "messages/k/"), 404)


def test_nor_when_its_owner_is_deleted(bob: Any) -> None:
    owner = person("ops")
    text = token(owner)
    number = Service(text)("POST", "messages/", {"type": "follow", "recipients": [bob.pk]}).json()["send"]
    owner.delete()
    with pytest.raises(BadValue, match="no tokens any more"):
        token(person("eve"))
    assert reaches(token(person("new"), of=shop()), number)


def test_nor_for_a_token_that_an_older_process_has_made(sent: int) -> None:
    """It gets a service of its own when it is first used."""
    text = token(person("eve"), "other")
    ServiceToken.objects.update(name="shop", service=None)
    assert not reaches(text, sent)
    assert ServiceToken.objects.get().service != shop()


def test_a_deleted_service_gives_its_name_back_and_nothing_else(sent: int) -> None:
    shop().delete()
    text = token(person("eve"))
    assert shop().tokens.count() == 1
    assert not reaches(text, sent)
    assert Send.objects.get(pk=sent).service is None


def test_a_service_that_was_handed_over_is_its_new_owners(bob: Any, ann: Any) -> None:
    eve = person("eve")
    first = token(ann)
    number = Service(first)("POST", "messages/", {"type": "follow", "recipients": [bob.pk]}).json()["send"]
    assert reaches(token(eve, of=shop()), number)
    services.revoke_token(row_of(first))
    assert not reaches(token(ann), number)  # no longer, by the old name
    assert reaches(token(eve), number)
    ServiceToken.objects.filter(service=shop()).update(revoked_at="2020-01-01T00:00Z")
    assert not reaches(token(ann), number)
    assert reaches(token(eve), number)  # whose token was the last one


@pytest.mark.parametrize("deleted", ["owner", "token"])
def test_it_does_not_go_back_to_who_has_handed_it_over(bob: Any, ann: Any, deleted: str) -> None:
    """Neither with its new owner nor with the last token."""
    eve = person("eve")
    first = token(ann)
    number = Service(first)("POST", "messages/", {"type": "follow", "recipients": [bob.pk]}).json()["send"]
    last = token(eve, of=shop())
    services.revoke_token(row_of(first))
    (eve if deleted == "owner" else row_of(last)).delete()
    with pytest.raises(BadValue, match="no tokens any more"):
        token(ann)
    assert not services.open_services(ann).exists()
    assert reaches(token(ann, of=shop()), number)


def test_an_old_token_that_is_deleted_changes_nothing(bob: Any, ann: Any) -> None:
    first = token(ann)
    second = token(person("eve"), of=shop())
    services.revoke_token(row_of(second))
    row_of(second).delete()
    assert services.open_services(ann).get() == shop()
    row_of(first).delete()
    assert not shop().tokens.exists()


def test_the_command_can_choose_it(sent: int, ann: Any) -> None:
    arguments = ["create_token", "shop", "--scope", "messages:read", "--owner", "ann"]
    with pytest.raises(CommandError, match="no tokens any more"):
        call_command(*arguments)
    with pytest.raises(CommandError, match="no service “post”"):
        call_command(*arguments, "--service", "post")
    out = StringIO()
    call_command(*arguments, "--service", "shop", stdout=out)
    assert reaches(out.getvalue().splitlines()[-1], sent)


# In the admin


def clerk(*codes: str) -> tuple[Any, Client]:
    """Staff who may send messages, and see what was sent: so they may grant these scopes."""
    found = person("clerk", is_staff=True)
    names = ["add_servicetoken", "view_servicetoken", "view_mailbox", *codes]
    found.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(found)
    return found, client


def posted(client: Client, owner: Any, **fields: Any) -> Any:
    return client.post(ADD, {"name": "shop", "owner": owner.pk, "scopes": ["messages:read"], **fields})


def offered(client: Client) -> set[str]:
    choices = client.get(ADD).context["adminform"].form.fields["service"].queryset
    return {row.name for row in choices}


def test_the_form_refuses_the_name(sent: int) -> None:
    user, client = clerk()
    assert offered(client) == set()
    page = posted(client, user)
    assert page.status_code == 200
    assert "no tokens any more" in page.content.decode()
    assert "Select a valid choice" in posted(client, user, service=shop().pk).content.decode()
    assert not ServiceToken.objects.exists()


def test_who_may_change_services_can_take_it_over(sent: int) -> None:
    token(person("eve"), "hers")
    user, client = clerk("change_service")
    assert offered(client) == {"shop"}
    page = posted(client, user, service=shop().pk)
    assert reaches(page.context["token"], sent)
    assert offered(client) == {"shop"}


def test_everybody_can_choose_their_own(ann: Any) -> None:
    user, client = clerk()
    token(ann, "anns")
    token(user, "mine")
    assert offered(client) == {"mine"}
    token(ann, "mine", of=Program.objects.get(name="mine"))
    assert offered(client) == set()


def test_a_superuser_can_choose_any(sent: int) -> None:
    boss, client = person("boss", is_superuser=True, is_staff=True), Client()
    client.force_login(boss)
    assert "no tokens any more" in posted(client, boss).content.decode()
    assert reaches(posted(client, boss, service=shop().pk).context["token"], sent)
