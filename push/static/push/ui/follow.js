/** Follows a link after its item was marked as read. */
import { isPlainClick } from "../../inbox/shared/dom.js";
import { pause } from "../../inbox/shared/timing.js";

const TIMEOUT = 0.6; // seconds that a click waits for the answer; the request itself outlives the page

/**
 * Follow a clicked link once `done` has settled, so that the next page opens with the right count. Clicks that open another
 * tab or window are left to the browser.
 * @param {MouseEvent} event @param {Promise<unknown>|null} done null: nothing to wait for
 */
export async function follow(event, done) {
  const { href } = /** @type {HTMLAnchorElement} */ (event.currentTarget);
  if (!done || !isPlainClick(event)) return;
  event.preventDefault();
  await Promise.race([done, pause(TIMEOUT)]);
  location.assign(href);
}
