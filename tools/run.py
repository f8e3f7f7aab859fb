"""`make run`: the whole site in one process, with demo data. Does not return: becomes daphne."""

import os
import sys

from tools import commands
from tools.processes import ROOT, chosen_port, port_taken

BANNER = """
  Red Dot    {url}

  Sign in as alice, bob, carol or admin; the password is reddot-demo.
  Open a second browser (or a private window) as somebody else, comment on a post,
  and watch the other one's dot. Broadcasts: {url}admin/ as admin.   Ctrl-C stops it.
"""


def main() -> None:
    port = chosen_port()
    if port_taken(port):
        sys.exit(f"Port {port} is taken. Stop what listens there, or take another: make run PORT={port + 1}")
    os.chdir(ROOT)
    prepare()
    print(BANNER.format(url=f"http://127.0.0.1:{port}/"), flush=True)
    argv = commands.daphne(port)
    os.execv(argv[0], argv)


def prepare() -> None:
    """Migrate; fill a database that has no user yet, and leave any other as it is."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "notify_site.settings")
    import django
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    if not get_user_model().objects.exists():
        call_command("seed_demo")


if __name__ == "__main__":
    main()
