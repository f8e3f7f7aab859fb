"""A newcomer can find their way: few rooms, each with a sentence about what is inside, and no import in a circle."""

from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
MOST = 25  # modules and packages of Python in one room
APPS = ("inbox", "push")


def packages() -> Iterator[Path]:
    for app in APPS:
        for init in sorted((ROOT / app).rglob("__init__.py")):
            if not {"migrations", "management", "templatetags"} & set(init.parts):
                yield init.parent


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*APPS, cache_dir=None)


def test_no_module_imports_itself_by_way_of_others(graph: grimp.ImportGraph) -> None:
    """Imports inside of functions and for type checkers count as well."""
    waiting = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    while free := {module for module, imported in waiting.items() if not imported & waiting.keys() - {module}}:
        for module in free:
            del waiting[module]
    assert sorted(waiting) == []  # what is left imports, or is imported by, a circle


@pytest.mark.parametrize("package", list(packages()), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_is_small_and_says_what_is_inside(package: Path) -> None:
    rooms = [path for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert len(rooms) - 1 <= MOST
    assert (package / "__init__.py").read_text().startswith('"""') or package.name in APPS
