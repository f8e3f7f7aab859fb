"""Browser scripts import each other by relative paths: push may import what inbox shares, never the reverse."""

import os
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import call_command
from pytest_django import Settings

pytestmark = pytest.mark.anywhere

ROOT = Path(settings.BASE_DIR)
FOLDERS = ("inbox/static", "push/static", "notify_site/demo/static", "notify_site/lab/static")
SCRIPTS = {path.relative_to(ROOT / name).as_posix(): path for name in FOLDERS for path in (ROOT / name).rglob("*.js")}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
IMPORT = re.compile(r"""(?:from|import) "(\.[^"]+)";""")
MAY_IMPORT = {
    "inbox": ("inbox/",),
    "push": ("push/", "inbox/shared/"),
    "site": ("site/", "inbox/shared/"),
    "lab": ("lab/", "push/client/", "inbox/shared/"),
}


def imports(name: str) -> list[str]:
    """The scripts that a script imports, by their names under STATIC_URL."""
    code = COMMENT.sub("", SCRIPTS[name].read_text())
    return [os.path.normpath(Path(name).parent / found) for found in IMPORT.findall(code)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_imports_go_one_way(name: str) -> None:
    for imported in imports(name):
        assert imported in SCRIPTS
        assert imported.startswith(MAY_IMPORT[name.split("/")[0]])


def test_no_script_imports_itself() -> None:
    def visit(name: str, above: tuple[str, ...] = ()) -> None:
        assert name not in above
        for imported in imports(name):
            visit(imported, (*above, name))

    for name in SCRIPTS:
        visit(name)


class Hashed(ManifestStaticFilesStorage):
    """Hashes in the names of modules too; as many passes as files import each other in a row."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 20


def test_names_with_hashes(tmp_path: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {"staticfiles": {"BACKEND": f"{__name__}.Hashed"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    [bell] = tmp_path.glob("push/bell.*.js")
    assert re.search(r'from "./ui/notification-bell\.[0-9a-f]{12}\.js"', bell.read_text())
    for module in tmp_path.glob("push/ui/panel.*.js"):
        assert re.search(r'from "../../inbox/shared/dom\.[0-9a-f]{12}\.js"', COMMENT.sub("", module.read_text()))
