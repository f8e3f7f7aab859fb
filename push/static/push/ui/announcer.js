/** Counts as text, and what screen readers are told of them. @import {Item, Outage, Snapshot} from "../client/types.js" */
import { Api } from "../../inbox/shared/api.js";
import { gettext, interpolate, ngettext } from "../../inbox/shared/i18n.js";
import { levelWord } from "../../inbox/shared/item.js";
import { hush, prepareVoice, say, sayUrgently } from "../../inbox/shared/voice.js";

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

/** What the bell's name says of an outage, "" of none. @param {Outage} outage */
export function outageText(outage) {
  if (outage === "offline") return gettext("not up to date: you are offline");
  return outage && gettext("not up to date: no connection");
}

/**
 * Announces what arrived, politely and once per burst; what is critical at once. What this page's own user does is said by
 * whatever does it, so a number that falls, or changes with a write of this page, is not announced.
 */
export class Announcer {
  #timer = 0;
  #since = 0;
  #titles = /** @type {string[]} */ ([]);
  #said = /** @type {number|null} */ (null); // how many unread ones the user knows of
  #own = 0; // the newest version that a write of this page has returned
  #newest = /** @type {Snapshot|null} */ (null);

  /**
   * The first number is not announced.
   * @param {Snapshot} snapshot @param {Item|null} item @param {{badge?: Badge, isSaid?: boolean}} how `isSaid`: the page says it
   */
  note(snapshot, item, { badge = "unread", isSaid = false } = {}) {
    this.#newest = snapshot;
    this.#said ??= snapshot.unread - (item ? 1 : 0);
    if (item && !isSaid && item.level === "critical") sayUrgently(`${levelWord(item.level)}: ${item.title}`);
    else if (item && !isSaid) this.#titles.push(item.title);
    if (item && (isSaid || item.level === "critical")) this.#said += 1;
    this.#settle();
    if (this.#titles.length || snapshot.unread > this.#said) this.#later(() => this.#say(badge));
  }

  /** @param {any} answer to a write of this page: a snapshot, with `undo` if the write was an act of the user */
  own(answer) {
    if (!("undo" in answer)) return;
    this.#own = Math.max(this.#own, answer.version);
    this.#settle();
  }

  /** Make ready to speak. */
  prepare() {
    prepareVoice();
  }

  /** The connection is lost, or back. @param {Outage} outage */
  tell(outage) {
    say(outage ? `${gettext("Notifications")}: ${outageText(outage)}` : gettext("Notifications are up to date again."));
  }

  /** For another user, or nobody: drop what was not announced yet. */
  clear() {
    this.#rest();
    this.#titles = [];
    this.#said = this.#newest = null;
    this.#own = 0;
    hush();
  }

  /** The user knows of what is theirs, and of what they have read elsewhere. */
  #settle() {
    if (!this.#newest || this.#titles.length) return;
    if (this.#newest.version <= this.#own || this.#newest.unread < Number(this.#said)) this.#said = this.#newest.unread;
    if (this.#newest.unread <= Number(this.#said)) this.#rest();
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#since = 0;
  }

  /** @param {() => void} speak */
  #later(speak) {
    this.#since ||= Date.now();
    const left = Math.max(0, LONGEST - (Date.now() - this.#since) / 1000);
    clearTimeout(this.#timer);
    // A push may be faster than the answer to the write that it is about.
    this.#timer = setTimeout(() => (Api.writing && left ? this.#later(speak) : speak()), Math.min(QUIET, left) * 1000);
  }

  /** @param {Badge} badge */
  #say(badge) {
    this.#since = 0;
    const { unread } = /** @type {Snapshot} */ (this.#newest);
    const titles = this.#titles.splice(0);
    const fresh = Math.max(unread - Number(this.#said), titles.length);
    this.#said = unread;
    if (fresh > 1 && titles.length) say(freshText(fresh));
    else if (fresh) say([...titles, unreadText(this.#newest, badge)].join(". "));
  }
}

/** @param {number} count */
function freshText(count) {
  return interpolate(ngettext("%(count)s new notification", "%(count)s new notifications", count), { count });
}
