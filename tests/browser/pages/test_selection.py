"""The model of what is selected (`select/selection.js`), beside one of plain Python, for random sequences of clicks,
arrivals and rows that go."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from playwright.sync_api import Page

from tests.browser.conftest import Browse
from tests.inbox.examples import examples
from tests.servers import Site

RUN = """async (steps) => {
  const { Selection } = await import("/static/inbox/select/selection.js");
  const it = new Selection();
  return steps.map(([name, ...args]) => {
    it[name](...args);
    return [[...it.refs].sort(), it.every !== null, it.isEmpty];
  });
}"""
EVERY = {"version": 9, "count": 99, "capped": False}


class Model:
    """The list on screen, and which rows are selected."""

    def __init__(self) -> None:
        self.order, self.selected, self.anchor, self.every = list(range(4)), set[int](), -1, False
        self.steps: list[list[Any]] = []
        self.expected: list[Any] = []
        self.next = 4

    def do(self, name: str, at: int, on: bool) -> None:
        getattr(self, name)(at % len(self.order) if self.order else 0, on)

    def toggle(self, at: int, on: bool) -> None:
        if self.order:
            self._set([self.order[at]], on)
            self.anchor = self.order[at]
            self._note("toggle", self._ref(self.anchor), on)

    def extend(self, at: int, on: bool) -> None:
        if not self.order:
            return
        start = self.order.index(self.anchor) if self.anchor in self.order else at
        self._set(self.order[min(start, at) : max(start, at) + 1], on)
        self.anchor = self.order[at]
        self._note("extend", self._ref(self.anchor), self._refs(), on)

    def all(self, _at: int, _on: bool) -> None:
        self._set(self.order, True)
        self._note("all", self._refs())

    def matching(self, _at: int, _on: bool) -> None:
        self._set(self.order, True)
        self.every = True
        self._note("matching", self._refs(), EVERY)

    def clear(self, _at: int, _on: bool) -> None:
        self.selected, self.every, self.anchor = set(), False, -1
        self._note("clear")

    def arrive(self, _at: int, _on: bool) -> None:
        self.order.insert(0, self._new())
        self._keep()

    def load_older(self, _at: int, _on: bool) -> None:
        older = [self._new(), self._new()]
        if self.every and (self.selected & {*self.order} or not self.order):
            self.selected |= {*older}
        self.order += older
        self._keep()

    def go(self, at: int, _on: bool) -> None:
        """A row is gone; one is left that is selected, so that it is known what is part of all that match."""
        if len(self.order) > 1 and not (self.every and self.selected <= {self.order[at]}):
            self.order.pop(at)
            self._keep()

    def _keep(self) -> None:
        self.selected &= {*self.order}
        self._note("keep", self._refs())

    def _set(self, rows: list[int], on: bool) -> None:
        self.selected = self.selected | {*rows} if on else self.selected - {*rows}
        self.every = self.every and on

    def _new(self) -> int:
        self.next += 1
        return self.next

    def _ref(self, row: int) -> str:
        return f"ref-{row}"

    def _refs(self) -> list[str]:
        return [self._ref(row) for row in self.order]

    def _note(self, name: str, *args: Any) -> None:
        self.steps.append([name, *args])
        empty = not self.selected and not self.every
        self.expected.append([sorted(map(self._ref, self.selected)), self.every, empty])


ACTS = ["toggle", "toggle", "extend", "extend", "all", "matching", "clear", "arrive", "load_older", "go", "go"]


@pytest.fixture
def page(browse: Browse, site: Site, person: str) -> Page:
    page = browse(site, person).new_page()
    page.goto("/inbox/")
    return page


@examples(60, hypothesis(deadline=None, suppress_health_check=list(HealthCheck)))
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 20), st.booleans()), max_size=25))
def test_it_is_as_the_model(page: Page, acts: list[tuple[str, int, bool]]) -> None:
    model = Model()
    for act in acts:
        model.do(*act)
    assert page.evaluate(RUN, model.steps) == model.expected
