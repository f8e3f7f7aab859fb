/**
 * The count that this tab showed last, in session storage. Displayed between a page's first paint and its first snapshot, so
 * that the badge does not flicker on every navigation; never treated as the state.
 * @import {Snapshot} from "../client/types.js"
 */
import { allowed } from "../../inbox/shared/allowed.js";
import { belongsTo } from "../../inbox/shared/snapshot.js";

const KEY = "reddot";

/** @param {Snapshot} snapshot */
export function remember(snapshot) {
  allowed(() => sessionStorage.setItem(KEY, JSON.stringify({ ...snapshot, item: undefined })));
}

/** @param {string} user @returns {Snapshot|null} */
export function recall(user) {
  const snapshot = allowed(() => JSON.parse(sessionStorage.getItem(KEY) ?? "null"));
  return snapshot && belongsTo(snapshot, user) ? snapshot : null;
}

export function forget() {
  allowed(() => sessionStorage.removeItem(KEY));
}
