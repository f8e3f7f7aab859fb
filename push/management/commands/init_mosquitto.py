"""`manage.py init_mosquitto PATH`: the first state of Mosquitto's dynamic-security plugin."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from ...channels.mqtt import conf, dynsec


class Command(BaseCommand):
    help = "Write the file of Mosquitto's dynamic-security plugin, with the service user of MQTT_URL in it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *args: Any, path: Path, **options: Any) -> None:
        """A file that is there is Mosquitto's own, and left alone."""
        if not conf.url():
            raise CommandError(_("MQTT_URL is not set: it names the service user and its password."))
        if path.exists():
            self.stdout.write(_("%(path)s is there already.") % {"path": path})
            return
        try:
            path.touch(mode=0o600)
            path.write_text(json.dumps(dynsec.first_state(conf.url())))
        except OSError as error:
            why = {"file": path, "why": error.strerror}
            raise CommandError(_("Could not write “%(file)s”: %(why)s") % why) from error
