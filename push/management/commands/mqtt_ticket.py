"""`manage.py mqtt_ticket NAME`: options of mosquitto_sub with which a user's device connects."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from inbox import tickets
from push.outlets.mqtt import access, topics


class Command(BaseCommand):
    help = "Print user name, ticket (as password), client id and topic: mosquitto_sub $(manage.py mqtt_ticket alice)"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--ttl", type=int, default=tickets.DEFAULT_TTL, help="seconds to connect within")

    def handle(self, *args: Any, name: str, ttl: int, **options: Any) -> None:
        users = get_user_model()
        user = users._default_manager.filter(**{users.USERNAME_FIELD: name}).first()
        if user is None:
            raise CommandError(_("There is no user %(name)s.") % {"name": name})
        text, ticket = tickets.mint(user, None, min(ttl, tickets.MAX_TTL))
        access.expect(ticket.user, text)
        self.stdout.write(f"-u {ticket.user} -P {text} -I {ticket.user}- -t {topics.unread(ticket.user)}")
