"""axe-core in a page: what it finds wrong, and nothing else of what it says."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Without styles of its own that the policy would block.
RUN = """async ([within, rules]) => {
  const runOnly = rules && { runOnly: { type: "rule", values: rules } };
  const { violations } = await axe.run(within, { resultTypes: ["violations"], preload: false, ...runOnly });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")} ${failureSummary}`));
}"""


def violations(page: Page, within: str = "html", rules: list[str] | None = None) -> list[str]:
    """Of the page, or of what a selector finds and all that is in it: a run over less takes less.

    `rules`: only these, those included that are not in use by default.
    """
    if page.evaluate("typeof axe") == "undefined":  # half a megabyte, once for each document
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(RUN, [within, rules])
    return found
