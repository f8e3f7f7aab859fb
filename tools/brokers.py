"""MQTT brokers of our own, on free ports, with the configuration of deploy/: for `make stack` and for the tests."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools import commands
from tools.processes import ROOT, Process, free_port
from tools.stores import MissingServerError, new_directory

SERVICE = "service"


class Broker(Process):
    """`site_env` is what a site needs to use it: MQTT_URL and its like."""

    port: int
    web_port: int  # MQTT over WebSocket
    web_path = ""
    site_extras: Mapping[str, str] = {}

    def __init__(self, name: str) -> None:
        self.directory = new_directory(name)
        self.port, self.web_port = free_port(), free_port()
        self.password = secrets.token_hex(16)
        self.url = f"mqtt://{SERVICE}:{self.password}@127.0.0.1:{self.port}"

    @property
    def site_env(self) -> dict[str, str]:
        web = f"ws://127.0.0.1:{self.web_port}{self.web_path}"
        return {"MQTT_URL": self.url, "MQTT_WS_URL": web, **self.site_extras}

    def start(self) -> None:
        super().start()
        self.wait_ready(self.answers)

    def answers(self) -> bool:
        """Whether it lets the service user in."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        answers: list[bool] = []
        client = Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set(SERVICE, self.password)
        client.on_connect = lambda *args: answers.append(not args[3].is_failure)
        try:
            client.connect("127.0.0.1", self.port)
            while not answers and not client.loop(1):
                pass
            client.disconnect()
        except OSError:
            return False
        return answers == [True]

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def configured(text: str, changes: Mapping[str, object]) -> str:
    """A configuration of deploy/ with its ports and paths exchanged; each must be in it."""
    for theirs, here in changes.items():
        if theirs not in text:
            raise LookupError(f"{theirs!r} is not in the configuration")
        text = text.replace(theirs, str(here))
    return text


class Mosquitto(Broker):
    site_extras = {"MQTT_DYNSEC": "1"}

    def __init__(self) -> None:
        binary, plugin = mosquitto_binary(), mosquitto_plugin()
        super().__init__("mosquitto")
        known = self.directory / "dynamic-security.json"
        configuration = self.directory / "mosquitto.conf"
        ours = (ROOT / "deploy" / "mosquitto" / "mosquitto.conf").read_text()
        changes = {
            "listener 1883": f"listener {self.port} 127.0.0.1",
            "listener 9001": f"listener {self.web_port} 127.0.0.1",
            "/usr/lib/mosquitto_dynamic_security.so": plugin,
            "/mosquitto/data/": f"{self.directory}/",
        }
        configuration.write_text(configured(ours, changes))
        env = {"SECRET_KEY": "x", **os.environ, **self.site_env}
        subprocess.run(commands.manage("init_mosquitto", str(known)), cwd=ROOT, env=env, check=True)
        if os.geteuid() == 0:  # it will not stay root
            for path in (self.directory, known):
                shutil.chown(path, "mosquitto", "mosquitto")
        Process.__init__(self, "mosquitto", [binary, "-c", configuration], self.directory / "log")


def mosquitto_binary() -> str:
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise MissingServerError("no Mosquitto: install the package mosquitto")
    return found


def mosquitto_plugin() -> Path:
    """Debian keeps it with the libraries of the architecture."""
    for found in Path("/usr/lib").glob("**/mosquitto_dynamic_security.so"):
        return found
    raise MissingServerError("Mosquitto has no dynamic-security plugin: install Mosquitto 2")
