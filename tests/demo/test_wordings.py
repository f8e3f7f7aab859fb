"""What rows say around their titles, as the server writes it; test_heard.py of the browser has the same cases."""

from typing import Any

import pytest
from django.utils import translation

from inbox.page.rows import Row
from inbox.page.wording import full_stop, name_of, said_before
from inbox.selectors.threads import Headline
from tests.wordings import BEFORE, NAMES, NEW, STOPS


@pytest.mark.parametrize(("language", "differs", "said"), BEFORE)
def test_before_the_title(language: str, differs: dict[str, Any], said: str) -> None:
    with translation.override(language):
        assert said_before(**NEW | differs) == said


@pytest.mark.parametrize(("language", "said"), [("de", "2 ungelesen"), ("zh-hans", "2 条未读")])
def test_the_size_of_a_thread_is_translated(language: str, said: str) -> None:
    thread = Headline("key", "Tea", None, 5, 2, None)  # type: ignore[arg-type]
    with translation.override(language):
        assert Row(None, "", None, thread).size.endswith(f" · {said}")  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "title", "stop"), STOPS)
def test_the_end_of_the_title(language: str, title: str, stop: str) -> None:
    with translation.override(language):
        assert full_stop(title) == stop


@pytest.mark.parametrize(("language", "act", "title", "name"), NAMES)
def test_the_name_of_a_button(language: str, act: str, title: str, name: str) -> None:
    with translation.override(language):
        assert name_of(act, title) == name
