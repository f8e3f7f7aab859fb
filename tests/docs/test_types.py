"""The TypeScript declarations beside reddot.js, bell.js and banners.js."""

import re
import shutil
import subprocess
from pathlib import Path

from push.transports.websocket.commands import COMMANDS
from tests.servers import needs
from tools import node
from tools.processes import ROOT
from tools.stores import MissingServerError

PUSH = ROOT / "push/static/push"


def test_a_page_in_typescript(tmp_path: Path) -> None:
    with needs():
        if not node.is_installed():
            raise MissingServerError("needs programs of npm (python3 tools/node.py)")
    shutil.copytree(Path(__file__).parent / "types", tmp_path, dirs_exist_ok=True)
    (tmp_path / "push").mkdir()
    for declarations in PUSH.glob("*.d.ts"):
        shutil.copy(declarations, tmp_path / "push")
    argv = [str(node.BIN / "tsc"), "--project", str(tmp_path)]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_command_of_a_websocket_is_declared() -> None:
    [frames] = re.findall(r"export type ClientFrame =(.*?);\n\n", (PUSH / "reddot.d.ts").read_text(), re.DOTALL)
    assert set(re.findall(r'type: "(\w+)"', frames)) == set(COMMANDS)
