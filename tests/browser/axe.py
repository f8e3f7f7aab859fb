"""axe-core in a page: what it finds wrong, and nothing else of what it says."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Without styles of its own that the policy would block.
RUN = """async (within) => {
  const { violations } = await axe.run(within, { resultTypes: ["violations"], preload: false });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")} ${failureSummary}`));
}"""


def violations(page: Page, within: str = "html") -> list[str]:
    """Of the page, or of what a selector finds and all that is in it: a run over less takes less."""
    if page.evaluate("typeof axe") == "undefined":  # half a megabyte, once for each document
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(RUN, within)
    return found
