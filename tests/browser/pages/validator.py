"""The Nu validator, run once for all documents: its start takes most of the time."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.servers import needs
from tools import node
from tools.stores import MissingServerError

# Too short-lived for the optimising compiler, which takes half of the time; the validator wants a deep stack.
JAVA = ["java", "-Xss4m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
JAR = node.HOME / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
# What is meant as it is: Safari takes a list without bullets for none; the validator does not know CSS Shadow Parts.
# And what is Django's: the side bar of its administration.
MEANT = re.compile(
    "The “list” role is unnecessary for element “ul”|Attribute “part” not allowed"
    "|^admin.*A table row was 2 columns wide"
)


def validate(folder: Path) -> list[str]:
    """What the validator says of the HTML files in `folder`, but for what is meant as it is."""
    with needs():
        if not shutil.which("java") or not JAR.exists():
            raise MissingServerError("needs Java and the Nu validator (python3 tools/node.py)")
    argv = [*JAVA, "-jar", str(JAR), "--format", "json", "--stdout", *map(str, sorted(folder.glob("*.html")))]
    found: Any = json.loads(subprocess.run(argv, capture_output=True, text=True, check=False).stdout)
    said = [f"{Path(each['url']).name}: {each['message']} {each.get('extract')}" for each in found["messages"]]
    return [line for line in said if not MEANT.search(line)]
