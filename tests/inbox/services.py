"""Callers of the services' half of the REST API."""

from hashlib import sha256
from typing import Any

from inbox import services
from inbox.models import Scope, ServiceToken

from .rest import Caller, person

# Something for each event type.
COLUMNS: dict[str, dict[str, Any]] = {
    "share": {"resource_title": "Tea", "note": "Green"},
    "follow": {},
    "comment": {"target_title": "Tea", "excerpt": "Nice"},
    "mention": {"target_title": "Tea", "excerpt": "You too"},
    "like": {"target_title": "Tea"},
    "system": {"title": "Tea", "body": "Is ready", "level": "warning"},
}


class Service(Caller):
    """Another service, with this token."""

    def __init__(self, token: str) -> None:
        super().__init__(csrf=False)
        self.headers = {"Authorization": f"Bearer {token}"}

    def once(self, key: str, method: str, path: str, body: Any = None) -> Any:
        """The same with an idempotency key."""
        return self(method, path, body, headers={**self.headers, "Idempotency-Key": key})


def service(*scopes: str, name: str = "shop", owner: Any = None) -> Service:
    """With these scopes, or with all of them."""
    return Service(services.create_token(name, owner or person(f"owner-of-{name}"), scopes or Scope.values))


def row_of(token: str) -> ServiceToken:
    return ServiceToken.objects.get(digest=sha256(token.encode()).hexdigest())
