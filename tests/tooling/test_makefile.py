"""Every command of the Makefile does something: make takes a phony target without a recipe for done."""

import re

from tools.processes import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_command_has_a_recipe() -> None:
    [names] = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    with_recipes = set(re.findall(r"^([\w-]+):.*\n(?=\t)", MAKEFILE, re.MULTILINE))
    assert set(names.split()) == with_recipes
