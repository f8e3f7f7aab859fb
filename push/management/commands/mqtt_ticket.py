from inbox.credentials.tickets import Ticket
from inbox.management.commands.create_ticket import Command as CreateTicket

from ...channels.mqtt import access, topics


class Command(CreateTicket):
    """Prints options of mosquitto_sub: `mosquitto_sub $(./manage.py mqtt_ticket bob)`."""

    help = "Mint a ticket for a user's MQTT device: user name, ticket (as password), client id and topic."
    purpose = access.PURPOSE
    requires_system_checks: list[str] = []

    def line(self, text: str, ticket: Ticket) -> str:
        return f"-u {ticket.user} -P {text} -I {ticket.user}- -t {topics.unread(ticket.user)}"
