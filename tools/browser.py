"""The system's Chromium under Playwright: no display, no sandbox (root has none), no talk with its maker."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tools.stores import MissingServerError

FULL = ("chromium", "chromium-browser", "google-chrome")
# The same engine without the windows that nobody sees: a tab costs a third of the CPU time.
NAMES = ("chromium-headless-shell", *FULL)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",  # nothing is drawn on a screen, so a process for it only costs copies
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
]


def executable(names: Sequence[str] = NAMES) -> str:
    """The path of Chromium; raises MissingServerError."""
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise MissingServerError("no Chromium: install the package chromium")
    return path


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A browser of one's own; raises MissingServerError."""
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
        yield browser
        browser.close()
