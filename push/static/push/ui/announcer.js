/** Counts as text, and a live region that announces them. @import {Item, Snapshot} from "../client/types.js" */
import { h } from "../../inbox/shared/dom.js";
import { gettext, interpolate, ngettext } from "../../inbox/shared/i18n.js";
import { levelWord } from "../../inbox/shared/item.js";

const QUIET = 1; // seconds without news before an announcement
const LONGEST = 5; // seconds that news can delay it

/** "3 unread notifications", with the badge's number. @param {Snapshot|null} snapshot */
export function unreadText(snapshot) {
  const unread = snapshot?.unread ?? 0;
  if (!unread) return gettext("No unread notifications");
  const format = ngettext("%(count)s unread notification", "%(count)s unread notifications", unread);
  return interpolate(format, { count: countLabel(snapshot) });
}

/** The badge's text: "", "1" … "99", "99+". @param {Snapshot|null} snapshot */
export function countLabel(snapshot) {
  const unread = snapshot?.unread ?? 0;
  if (unread > 99) return "99+";
  return unread ? String(unread) : "";
}

/** Announces what arrived and how many are unread, politely and once per burst; what is critical at once. */
export class Announcer {
  element = h("p", { class: "sr", role: "status", "aria-live": "polite", "aria-atomic": "true" });
  urgent = h("p", { class: "sr", role: "alert" });
  #timer = 0;
  #since = 0;
  #titles = /** @type {string[]} */ ([]);
  #said = /** @type {string|null} */ (null);

  /** @param {Snapshot|null} snapshot @param {Item|null} item */
  note(snapshot, item) {
    const text = unreadText(snapshot);
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
