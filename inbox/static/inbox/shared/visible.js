/** Whether somebody can see the page. */

/** Call it once, now or when the page is first visible. A page that is being prerendered is hidden. @param {() => void} run */
export function whenVisible(run) {
  const isVisible = () => document.visibilityState === "visible" && !document.prerendering;
  if (isVisible()) {
    run();
    return;
  }
  const listening = new AbortController();
  const look = () => {
    if (!isVisible()) return;
    listening.abort();
    run();
  };
  document.addEventListener("visibilitychange", look, { signal: listening.signal });
  document.addEventListener("prerenderingchange", look, { signal: listening.signal });
}
