"""MQTT brokers of our own, on free ports, with the configuration of deploy/: for `make stack` and for the tests."""

import os
import random
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools import commands
from tools.processes import ROOT, Process, port_taken
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
        self.port, self.web_port = quiet_port(), quiet_port()
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


def quiet_port() -> int:
    """A free port below those that outgoing connections are given: RabbitMQ listens ten seconds later only."""
    for port in random.sample(range(20_000, 32_000), 100):
        if not port_taken(port):
            return port
    raise OSError("a hundred ports were tried, and all are taken")


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


class RabbitMq(Broker):
    """A node with a name, a cookie and an epmd of its own. It asks the site at `asks`, a port of 127.0.0.1."""

    web_path = "/ws"

    def __init__(self, asks: int) -> None:
        binary, epmd = rabbitmq_binary(), epmd_binary()
        super().__init__("rabbitmq")
        self.asks = asks
        epmd_port, ours = quiet_port(), ROOT / "deploy" / "rabbitmq"
        changes = {
            "tcp.default = 1883": f"tcp.default = 127.0.0.1:{self.port}",
            "web_mqtt.tcp.port = 15675": f"web_mqtt.tcp.ip = 127.0.0.1\nweb_mqtt.tcp.port = {self.web_port}",
            "http://web:8000/": f"http://127.0.0.1:{asks}/",
        }
        text = configured((ours / "rabbitmq.conf").read_text(), changes)
        configuration = self.directory / "rabbitmq.conf"
        configuration.write_text(f"{text}\ndefault_user = {SERVICE}\ndefault_pass = {self.password}\n")
        env = {
            "HOME": self.directory,
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_NODENAME": f"reddot-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": quiet_port(),
            "RABBITMQ_MNESIA_BASE": self.directory / "data",
            "RABBITMQ_LOG_BASE": self.directory / "logs",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": self.directory / "pid",
            "RABBITMQ_CONFIG_FILE": configuration,
            "RABBITMQ_ENABLED_PLUGINS_FILE": ours / "enabled_plugins",
            "ERL_EPMD_PORT": epmd_port,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_FLAGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        text_env = {name: str(value) for name, value in env.items()}
        log = self.directory / "log"
        self.names = Process("epmd", [epmd, "-port", str(epmd_port)], self.directory / "epmd.log", text_env)
        Process.__init__(self, "rabbitmq", [binary], log, text_env)

    def start(self) -> None:
        if not self.names.alive:
            self.names.start()
        Process.start(self)
        self.wait_ready(self.answers, deadline=60)

    def close(self) -> None:
        self.stop()
        self.names.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def rabbitmq_binary() -> str:
    """The script behind Debian's wrapper, which insists on the system's own node."""
    own = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    found = str(own) if own.exists() else shutil.which("rabbitmq-server")
    if not found:
        raise MissingServerError("no RabbitMQ: install the package rabbitmq-server")
    return found


def epmd_binary() -> str:
    found = shutil.which("epmd")
    if not found:
        raise MissingServerError("no epmd: install the package erlang-base")
    return found
