/** @import {Snapshot} from "../client/types.js" */

/**
 * The count this tab showed last, for the moment between a page's first paint and its first snapshot: without it the badge
 * would blink on every navigation. For display only; any snapshot from the server replaces it.
 */
const KEY = "reddot";

/** @param {Snapshot} snapshot */
export function remember({ user, version, unread, capped, by_type }) {
  quietly(() => sessionStorage.setItem(KEY, JSON.stringify({ user, version, unread, capped, by_type })));
}

/** @param {string} user @returns {Snapshot|null} */
export function recall(user) {
  const snapshot = quietly(() => JSON.parse(sessionStorage.getItem(KEY) ?? "null"));
  return snapshot && String(snapshot.user) === user ? snapshot : null;
}

export function forget() {
  quietly(() => sessionStorage.removeItem(KEY));
}

/** Storage may be forbidden or full: then there is nothing to remember. @template T @param {() => T} use */
function quietly(use) {
  try {
    return use();
  } catch {
    return null;
  }
}
