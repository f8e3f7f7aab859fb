from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from ... import services


class Command(BaseCommand):
    help = "Count the threads of all mailboxes that were not counted yet, or that an older release has written since."

    def add_arguments(self, parser: ArgumentParser) -> None:
        all_help = "also those that are counted: after an event type was uninstalled, once no process has it any more"
        parser.add_argument("--all", action="store_true", help=all_help)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["all"]:
            services.forget_counts()
        total = 0
        for last, counted in services.count_threads():
            total += counted
            self.stdout.write(f"{total:10,}  … {last}")
        self.stdout.write(_("Mailboxes counted: %d") % total)
