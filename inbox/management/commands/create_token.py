from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from ... import services
from ...core.users import SiteUser
from ...errors import InboxError
from ...models import Scope, Service

MAX_DAYS = 36_500  # dates end with the year 9999


class Command(BaseCommand):
    """Prints the token alone on the last line: `TOKEN=$(./manage.py create_token shop --scope messages:write)`."""

    help = "Make a token with which another service may call the API. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="of the service")
        parser.add_argument(
            "--scope", action="append", required=True, choices=Scope.values, help="what it may do; give several"
        )
        parser.add_argument("--owner", help="in whose name it acts (default: the first superuser)")
        parser.add_argument(
            "--service",
            help="the service that it belongs to (default: that of earlier tokens of this name and owner, or a "
            "new one)",
        )
        parser.add_argument("--days", type=int, help="until it expires (default: never)")

    def handle(
        self,
        *args: Any,
        name: str,
        scope: list[str],
        owner: str | None,
        days: int | None,
        service: str | None,
        **more: Any,
    ) -> None:
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise CommandError(_("“days” is from 1 to %d.") % MAX_DAYS)
        expires_at = None if days is None else timezone.now() + timedelta(days=days)
        try:
            of = None if service is None else self.service(service)
            self.stdout.write(services.create_token(name, self.owner(owner), scope, expires_at, service=of))
        except InboxError as error:
            raise CommandError(error.detail) from error

    def owner(self, name: str | None) -> SiteUser:
        users = get_user_model()._default_manager.order_by("pk")
        wanted = {"is_superuser": True} if name is None else {get_user_model().USERNAME_FIELD: name}
        found = users.filter(is_active=True, **wanted).first()
        if found is None:
            raise CommandError(_("There is no such user; say who with --owner."))
        return found

    def service(self, name: str) -> Service:
        found = Service.objects.filter(name=name).first()
        if found is None:
            raise CommandError(_("There is no service “%s”.") % name)
        return found
