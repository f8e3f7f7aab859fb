/** Counts as text, and a live region that announces them. @import {Item, Snapshot} from "../client/types.js" */
import { h } from "../../inbox/shared/dom.js";
import { gettext, interpolate, ngettext } from "../../inbox/shared/i18n.js";
import { levelWord } from "../../inbox/shared/item.js";

const QUIET = 1; // seconds without news before an announcement
const LONGEST = 5; // seconds that news can delay it

/** Which number of a snapshot the badge shows. @typedef {"unread"|"unseen"|"threads"} Badge */

/** @param {Snapshot|null} snapshot @param {Badge} badge a server of an older version sends `unread` only */
function numberOf(snapshot, badge) {
  return snapshot?.[badge] ?? snapshot?.unread ?? 0;
}

/** "3 unread notifications", with the badge's number. @param {Snapshot|null} snapshot @param {Badge} [badge] */
export function unreadText(snapshot, badge = "unread") {
  const count = numberOf(snapshot, badge);
  const format = count ? someText(count, badge) : badge === "unseen" ? gettext("No new notifications") : gettext("No unread notifications");
  return interpolate(format, { count: countLabel(snapshot, badge) });
}

/** @param {number} count @param {Badge} badge */
function someText(count, badge) {
  if (badge === "unseen") return ngettext("%(count)s new notification", "%(count)s new notifications", count);
  if (badge === "threads") return ngettext("%(count)s unread thread", "%(count)s unread threads", count);
  return ngettext("%(count)s unread notification", "%(count)s unread notifications", count);
}

/** The badge's text: "", "1" … "99", "99+". @param {Snapshot|null} snapshot @param {Badge} [badge] */
export function countLabel(snapshot, badge = "unread") {
  const count = numberOf(snapshot, badge);
  if (count > 99) return "99+";
  return count ? String(count) : "";
}

/** Announces what arrived and how many are unread, politely and once per burst; what is critical at once. */
export class Announcer {
  element = h("p", { class: "sr", role: "status", "aria-live": "polite", "aria-atomic": "true" });
  urgent = h("p", { class: "sr", role: "alert" });
  #timer = 0;
  #since = 0;
  #titles = /** @type {string[]} */ ([]);
  #said = /** @type {string|null} */ (null);

  /**
   * Nobody is told that nothing is new: they have just looked.
   * @param {Snapshot|null} snapshot @param {Item|null} item @param {Badge} [badge]
   */
  note(snapshot, item, badge = "unread") {
    const text = unreadText(snapshot, badge);
    if (badge === "unseen" && !item && !numberOf(snapshot, badge)) this.#said = text;
    this.#said ??= text; // the first count is not announced
    if (item?.level === "critical") this.urgent.textContent = `${levelWord(item.level)}: ${item.title}`;
    else if (item) this.#titles.push(item.title);
    if (text === this.#said && !item) return;
    this.#later(() => this.#say(text));
  }

  /** For another user, or nobody: drop what was not announced yet. */
  clear() {
    clearTimeout(this.#timer);
    this.#titles = [];
    this.#since = 0;
    this.#said = null;
    this.element.textContent = "";
    this.urgent.textContent = "";
  }

  /** @param {() => void} speak */
  #later(speak) {
    this.#since ||= Date.now();
    const left = Math.max(0, LONGEST - (Date.now() - this.#since) / 1000);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(speak, Math.min(QUIET, left) * 1000);
  }

  #say(text) {
    this.#since = 0;
    this.#said = text;
    const news = this.#titles.splice(0).slice(-1);
    this.element.textContent = [...news, text].join(". ");
  }
}
