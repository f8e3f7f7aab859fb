"""The README's line for a terminal, against the broker of `make run`."""

import json
import shlex
import subprocess
import sys
from urllib.parse import urlsplit

from tests.conftest import StartSite
from tests.servers import needs
from tools.processes import ROOT
from tools.stores import MissingServerError


def test_mosquitto_sub_gets_the_number(shared_site: StartSite) -> None:
    with needs():
        if subprocess.run(["which", "mosquitto_sub"], capture_output=True, check=False).returncode:
            raise MissingServerError("no mosquitto_sub: install the package mosquitto-clients")
    site = shared_site(mqtt="embedded")
    site.call("user", "terminal")
    port = urlsplit(site.env["MQTT_URL"]).port
    manage = shlex.join([sys.executable, "manage.py", "mqtt_ticket", "terminal"])
    line = f"mosquitto_sub -p {port} $({manage}) -C 1 -W 20"
    done = subprocess.run(line, shell=True, cwd=ROOT, env=site.env, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout) == site.call("snapshot", "terminal"), done.stderr


def test_nobody_has_no_ticket(shared_site: StartSite) -> None:
    site = shared_site(mqtt="embedded")
    command = [sys.executable, "manage.py", "mqtt_ticket", "nobody"]
    done = subprocess.run(command, cwd=ROOT, env=site.env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "There is no user “nobody”." in done.stderr
