"""The other benchmarks in this checkout and in an older one, in turns: is anything slower than it was?

    python -m benchmarks.beside COMMIT [--rounds 3] [COMMAND …]

    python -m benchmarks.beside c6edf65 --rounds 5 send "fanout --only uvicorn --load badges"

COMMIT is checked out into a temporary git worktree. A COMMAND is a benchmark with its arguments (default: `COMMANDS`).
In each round both checkouts run it, one after the other; the order changes from round to round. Lines are matched by
their text without figures. For each figure the medians are shown: before -> now (now / before). The ratio of a peer's
figures shows how much the machine alone changes.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import stage
from tools.processes import ROOT
from tools.stores import new_directory

COMMANDS = ["send", "snapshot", "latency", "fanout --rounds 3", "api --rounds 2 --seconds 2"]
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w.])")

Figures = dict[str, list[list[float]]]  # a line without its numbers -> the numbers, run by run


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmarks beside those of an older commit")
    parser.add_argument("commit")
    parser.add_argument("commands", nargs="*", default=COMMANDS, metavar="COMMAND")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_intermixed_args()
    print(f"{options.commit} / this checkout, medians of {options.rounds} rounds; {stage.load_note()}", flush=True)
    with worktree(options.commit) as older:
        for command in options.commands:
            report(command, *take_turns(command, older, options.rounds))


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    directory = new_directory("beside")
    try:
        subprocess.run(
            ["git", "worktree", "add", "--quiet", "--detach", directory / "tree", commit], cwd=ROOT, check=True
        )
        yield directory / "tree"
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)


def take_turns(command: str, older: Path, rounds: int) -> tuple[Figures, Figures]:
    """What the older checkout and this one printed."""
    before: Figures = defaultdict(list)
    now: Figures = defaultdict(list)
    sides = [(older, before), (ROOT, now)]
    for number in range(rounds):
        for checkout, figures in sides if number % 2 else reversed(sides):
            for line, numbers in read(run(command, checkout)):
                figures[line].append(numbers)
    return before, now


def run(command: str, checkout: Path) -> str:
    name, *arguments = command.split()
    argv = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    env = {**os.environ, "SECRET_KEY": stage.SECRET_KEY}  # a new worktree has no .env
    return subprocess.run(argv, cwd=checkout, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout


def read(printed: str) -> Iterator[tuple[str, list[float]]]:
    """Each line that has figures, without them, below its heading; and the figures."""
    heading = ""
    for line in printed.splitlines():
        label, *cells = re.split(r"\s{2,}", line)
        name, text = (f"{label} | ", "  ".join(cells)) if cells else ("", line)
        figures = [float(number.replace(",", "")) for number in NUMBER.findall(text)]
        if not figures or "load average" in line:
            heading = " ".join(line.split())
        else:
            yield f"{heading}\n  {name}{NUMBER.sub('#', text)}", figures


def report(command: str, before: Figures, now: Figures) -> None:
    print(f"\n{command}", flush=True)
    for line in now:
        if line in before and (compared := list(ratios(before[line], now[line]))):
            print(f"{line}\n    {'   '.join(compared)}", flush=True)


def ratios(before: list[list[float]], now: list[list[float]]) -> Iterator[str]:
    """One text for each number of a line: the medians, and their ratio."""
    for olds, news in zip(zip(*before, strict=True), zip(*now, strict=True), strict=True):
        old, new = stage.middle(olds), stage.middle(news)
        if old and {*olds} != {*news}:
            yield f"{old:,g} -> {new:,g} ({new / old:.2f})"


if __name__ == "__main__":
    main()
