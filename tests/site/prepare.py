"""`python -m tests.site.prepare`: migrate the database of the environment and let the four people in."""

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402

from tests import templates  # noqa: E402
from tests.site.actions import people  # noqa: E402

with templates.copied():
    call_command("migrate", interactive=False, verbosity=0)
people()
connections.close_all()  # SQLite then writes its log into the file, which is copied
