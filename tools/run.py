"""`make run`: the whole site in one process, with demo data. Does not return: becomes daphne."""

import os
import secrets
import sys

from tools import commands
from tools.processes import ROOT, chosen_port, port_taken, raise_descriptor_limit

BANNER = """
  Red Dot    {url}

  Sign in as alice, bob, carol or admin; the password is reddot-demo.
  Open a second browser (or a private window) as somebody else, comment on a post,
  and watch the other one's dot. Broadcasts: {url}admin/ as admin.   Ctrl-C stops it.

  The lab    {url}lab/   six ways to push, side by side
  MQTT       {mqtt}
"""


def main() -> None:
    port = chosen_port()
    if port_taken(port):
        sys.exit(f"Port {port} is taken. Stop what listens there, or take another: make run PORT={port + 1}")
    os.chdir(ROOT)
    raise_descriptor_limit()
    prepare()
    print(BANNER.format(url=f"http://127.0.0.1:{port}/", mqtt=choose_broker()), flush=True)
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


def choose_broker() -> str:
    """The broker of MQTT_URL, or else one in the web process, told by the environment; returns where it is."""
    from django.conf import settings

    if settings.MQTT_URL:
        return str(settings.MQTT_URL).rpartition("@")[2]
    port = next_free("MQTT_PORT", 1883)
    web_port = next_free("MQTT_WS_PORT", 9001)
    os.environ["MQTT_URL"] = f"mqtt://service:{secrets.token_hex(16)}@127.0.0.1:{port}"
    os.environ["MQTT_WS_URL"] = f"ws://127.0.0.1:{web_port}"
    os.environ["MQTT_EMBEDDED"] = "1"
    return f"127.0.0.1:{port}, for browsers {os.environ['MQTT_WS_URL']}"


def next_free(variable: str, default: int) -> int:
    """The port of that variable, or the first one after it that nobody has."""
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65000:
        sys.exit(f"{variable}={text} is not a port: take a number from 1024 to 65000")
    for port in range(int(text), 65_536):
        if not port_taken(port):
            return port
    sys.exit(f"{variable}={text}: this port and all after it are taken")


if __name__ == "__main__":
    main()
