const PATIENCE = 600; // milliseconds that a click waits for its "read" to be answered; the request survives the page anyway

/**
 * Follows a clicked link once `done` has settled, so that the next page opens with the right count. Modified and middle
 * clicks stay the browser's, and a handler of the page that took the click stays in charge.
 * @param {MouseEvent} event @param {Promise<unknown>|null} done
 */
export async function follow(event, done) {
  const { href } = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  if (!done || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  await Promise.race([done, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  location.assign(href);
}
