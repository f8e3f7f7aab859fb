"""Every command of the Makefile does something: make takes a phony target without a recipe for done."""

import re

from tools.processes import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()


STAND_FOR_OTHERS = {"test-inbox", "test-newest"}


def test_every_command_has_a_recipe_or_stands_for_others() -> None:
    [names] = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    with_recipes = set(re.findall(r"^([\w-]+):.*\n(?=\t)", MAKEFILE, re.MULTILINE))
    assert set(names.split()) == with_recipes | STAND_FOR_OTHERS
    for name in STAND_FOR_OTHERS:
        [others] = re.findall(rf"^{name}: (.+)$", MAKEFILE, re.MULTILINE)
        assert set(others.split()) <= with_recipes
