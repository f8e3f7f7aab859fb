/**
 * Shows an announcement that is being written to its author alone: on the pages of this site that are open in this browser,
 * each in its language. Nothing is stored, and nobody else gets it. The form sends it (admin/shown.js).
 */
import { allowed } from "./allowed.js";

const NAME = "reddot-trial"; // of the BroadcastChannel; messages: {shown: {[language]: {item, toast}}}
export const TRIAL = "trial"; // the type of such an item: what users do to it is not written

/**
 * Call `show(item, toast)` with what the server has made for this language; both as the API sends them.
 * @param {AbortSignal} signal ends it @param {string} language @param {(item: any, toast: any) => void} show
 */
export function hearTrials(signal, language, show) {
  const channel = allowed(() => new BroadcastChannel(NAME));
  if (!channel) return;
  channel.onmessage = ({ data }) => {
    const found = data.shown?.[language.toLowerCase()] ?? Object.values(data.shown ?? {})[0];
    if (found) show(...[found.item, found.toast].map((item) => ({ ...item, ref: TRIAL, type: TRIAL })));
  };
  signal.addEventListener("abort", () => channel.close(), { once: true });
  addEventListener("pagehide", () => channel.close(), { signal }); // it may keep a page out of the back/forward cache
}
