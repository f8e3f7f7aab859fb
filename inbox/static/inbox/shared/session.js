/** The browser's session. */

import { pause } from "./timing.js";

const ROTATION = 2; // seconds until a response that sets a new session's cookie has surely arrived

/**
 * Repeat a request that was answered "signed out", with the cookie that the browser has a moment later. A new password ends the
 * old session at once, while the response with the new cookie may still be on its way.
 * @template T @param {() => Promise<T>} request @param {AbortSignal} [signal] ends the wait @returns {Promise<T>}
 */
export async function repeatWithNewCookie(request, signal) {
  await pause(ROTATION, signal);
  return request();
}
