"""Install Debian packages whose commands are missing: `python3 tools/system.py chromium postgresql`.

Only as root where there is apt-get; elsewhere it says what is missing, and tests that need it are skipped.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PRESENT: dict[str, Callable[[], object]] = {
    "chromium-headless-shell": lambda: shutil.which("chromium-headless-shell") or shutil.which("google-chrome"),
    "chromium": lambda: any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    "postgresql": lambda: any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb"),
    "nginx": lambda: shutil.which("nginx") or Path("/usr/sbin/nginx").exists(),
    "caddy": lambda: shutil.which("caddy"),
    "haproxy": lambda: shutil.which("haproxy") or Path("/usr/sbin/haproxy").exists(),
    "gettext": lambda: shutil.which("msgfmt"),
    "mosquitto": lambda: shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists(),
    "mosquitto-clients": lambda: shutil.which("mosquitto_sub"),
    "rabbitmq-server": lambda: shutil.which("rabbitmq-server") or Path("/usr/sbin/rabbitmq-server").exists(),
}


def main(packages: list[str]) -> None:
    missing = [package for package in packages if not PRESENT[package]()]
    if not missing:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        print(f"Not installed, so what needs it is skipped: {', '.join(missing)}", flush=True)
        return
    print(f"Installing {', '.join(missing)} …", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o=Dpkg::Use-Pty=0"]
    quiet = {"env": env, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "check": False}
    subprocess.run([*apt, "update"], **quiet)  # type: ignore[call-overload]
    subprocess.run([*apt, "install", "--no-install-recommends", *missing], **quiet)  # type: ignore[call-overload]
    if failed := [package for package in missing if not PRESENT[package]()]:
        print(f"Could not be installed: {', '.join(failed)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
