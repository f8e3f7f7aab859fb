/**
 * An announcement that its author tries out before it is published: on the author's open pages alone. It comes with the
 * announcements of the user (push/static/push/ui/broadcast-banners.js), so each transport brings it; the bell hears of it here.
 */
import { gettext } from "./i18n.js";

export const TRIAL = "broadcast-trial"; // the ref of such an item: what users do to it is not written
const EVENT = "reddot:trial"; // of the document

/** @param {{ref: string}} item */
export function isTrial({ ref }) {
  return ref === TRIAL;
}

/** What stands before its title: nobody shall take it for published. @param {{ref: string}} item @returns {string[]} none or one */
export function markOf(item) {
  return isTrial(item) ? [gettext("Preview")] : [];
}

/** @param {any} item as the API sends it */
export function tellTrial(item) {
  document.dispatchEvent(new CustomEvent(EVENT, { detail: item }));
}

/** @param {AbortSignal} signal ends it @param {(item: any) => void} show */
export function hearTrials(signal, show) {
  document.addEventListener(EVENT, ({ detail }) => show(detail), { signal });
}
