/**
 * The panel under the bell: when it loads the newest items, and what it shows. Its rows are in rows.js, its other views in
 * views.js.
 * @import {Api} from "../../inbox/shared/api.js" @import {Item, Outage, Snapshot, State} from "../client/types.js"
 */
import { actToken } from "../../inbox/shared/api.js";
import { h, setText } from "../../inbox/shared/dom.js";
import { gettext } from "../../inbox/shared/i18n.js";
import { icon } from "../../inbox/shared/icons.js";
import { readItems } from "../../inbox/shared/item.js";
import { sameUser } from "../../inbox/shared/snapshot.js";
import { refreshTimes, watchDays } from "../../inbox/shared/times.js";
import { follow } from "./follow.js";
import { place } from "./place.js";
import { Rows } from "./rows.js";
import { skeleton, views } from "./views.js";

const SHOWN = 15; // items; the inbox page has the rest
const IMPORTANT = 3; // unread items at most, above the others

/** A popover with the newest items. */
export class Panel {
  /** The version read before the items on screen: what "mark all" covers. @type {number|null} */ #version = null;
  /** @type {Snapshot|null} */ #snapshot = null;
  /** @type {State} */ #state = "connecting";
  /** @type {Outage} */ #outage = "";
  #loading = false;
  #stale = false; // the state has changed since the list was requested
  #failed = false; // the last request
  #generation = {}; // replaced by `clear`: a response to an earlier request is dropped
  #refused = false; // with 401, since the panel was opened
  #seen = -1; // the version up to which the user has seen the items, as this panel has reported
  #problem = ""; // with the user's last action
  #said = ""; // of the user's last action
  #undo = ""; // the token that undoes it
  #unfinished = ""; // the token of a mark-all that may have failed midway: it goes on
  #opened = new AbortController(); // ends when the panel closes

  /**
   * @param {{api: Api, language: string, inbox: string, site: URL, button: HTMLElement,
   *          reports: import("../../inbox/shared/reports.js").Reports, offer: (snapshot: Snapshot) => void, retry: () => void, recheckUser: () => void, onOpen: () => void}} bell
   */
  constructor(bell) {
    this.bell = bell;
    this.rows = new Rows(bell.language, (event, item, button) => this.#onChoose(event, item, button));
    this.#build();
  }

  #build() {
    document.addEventListener("visibilitychange", () => this.#see());
    const label = gettext("Mark all as read");
    this.markAll = h("button", { class: "quiet", type: "button", onclick: () => this.#markAll() }, icon("checks"), label);
    const shut = h("button", { class: "shut", type: "button", "aria-label": gettext("Close"), onclick: () => this.close() }, icon("close"));
    this.notice = h("p", { class: "notice", role: "status" });
    this.undo = h("button", { class: "undo", type: "button", hidden: true, onclick: () => this.#undoIt() }, gettext("Undo"));
    this.body = h("div", { class: "list" });
    this.sheet = h("div", { class: "sheet" },
      h("div", { class: "head" }, h("h2", { id: "heading" }, gettext("Notifications")), this.markAll, shut),
      h("div", { class: "line" }, this.notice, this.undo),
      this.body,
      h("div", { class: "foot" }, h("a", { class: "all", href: this.bell.inbox }, gettext("View all"))));
    this.element = h("div", {
      id: "panel", class: "panel", popover: "auto", role: "dialog", "aria-labelledby": "heading", tabindex: "-1", autofocus: true,
      onbeforetoggle: (event) => event.newState === "open" ? this.#beforeOpen() : this.#beforeClose(),
      ontoggle: (event) => event.newState === "open" ? this.#afterOpen() : this.#afterClose(),
      onkeydown: (event) => isUndo(event) ? this.#undoIt() : this.rows.onKey(event),
      onfocusout: (event) => this.#onFocusOut(event),
      onclick: (event) => event.target === this.element && this.close(),
    }, this.sheet);
  }

  get opened() {
    return this.element.matches(":popover-open");
  }

  open() {
    if (!this.opened) this.element.showPopover();
  }

  close() {
    if (this.opened) this.element.hidePopover();
  }

  /** For another user, or nobody. */
  clear() {
    this.#version = this.#snapshot = null;
    this.#unfinished = "";
    this.#say("");
    this.#seen = -1;
    this.#generation = {};
    this.rows.show([]);
    this.#render();
  }

  /** @param {Snapshot} snapshot */
  onSnapshot(snapshot) {
    this.#snapshot = snapshot;
    this.#render();
    if (this.opened && !this.#isCurrent()) this.#load();
    this.#see();
  }

  /** @param {State} state */
  onState(state) {
    this.#state = state;
    this.#render();
    if (this.opened && this.#failed && state === "live") this.#load();
  }

  /** @param {Outage} outage */
  onOutage(outage) {
    this.#outage = outage;
    this.#render();
  }

  /** Load the list. If the state changes meanwhile, load it once more. */
  async #load() {
    this.#stale = true;
    if (this.#loading) return;
    this.#loading = true;
    while (this.#stale && this.opened) await this.#fetch();
    this.#loading = false;
    this.#render();
  }

  async #fetch() {
    this.#stale = false;
    const generation = this.#generation;
    try {
      const { api } = this.bell;
      const important = this.#snapshot?.unread ? api.inbox(IMPORTANT, { important: true, unread: true }) : null;
      const [page, first] = await Promise.all([api.inbox(SHOWN), important]);
      if (generation !== this.#generation) return;
      const pages = first ? [page, first] : [page];
      if (this.#snapshot && !pages.every((each) => sameUser(this.#snapshot, each))) return this.#recheckUser();
      this.#take(page, first?.items ?? []);
      this.#failed = this.#refused = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  #isCurrent() {
    return this.#state === "live" && !this.#failed && this.#version !== null && this.#version >= this.#snapshot?.version;
  }

  /** @param {{version: number, items: Item[]}} page @param {Item[]} important may be older or newer than the page */
  #take({ version, items }, important) {
    const shown = readItems(items, this.bell.site);
    const read = new Set(shown.filter((item) => item.read).map((item) => item.ref));
    const first = readItems(important, this.bell.site).filter((item) => item.important && !item.read && !read.has(item.ref));
    const above = new Set(first.map((item) => item.ref));
    this.#version = version;
    this.rows.show([...first, ...shown.filter((item) => !above.has(item.ref))], first.length);
    this.rows.watch(this.bell.reports);
    this.#see();
  }

  /** The list is on screen: its items are no longer unseen. If that can't be written, the next snapshot tries again. */
  async #see() {
    const version = this.#version;
    if (!this.opened || document.hidden || version === null || version <= this.#seen || !this.#snapshot?.unseen) return;
    this.#seen = version;
    try {
      const snapshot = await this.bell.api.seen(version);
      // Nothing but this has happened; without a change of its own, the next version would be somebody else's.
      if (snapshot.changed && snapshot.version === version + 1 && this.#version === version) this.#version += 1;
      this.bell.offer(snapshot);
    } catch {
      if (this.#seen === version) this.#seen = -1;
    }
  }

  #fail(error) {
    if (error.status === 401) this.#recheckUser();
    else this.#failed = true;
  }

  /** A 401 may be about an old cookie, and a page may be another user's: the client finds out who is signed in. */
  #recheckUser() {
    this.#failed = true;
    if (this.#refused) return;
    this.#refused = true;
    this.bell.recheckUser();
  }

  #beforeOpen() {
    place(this.element, this.bell.button);
    this.bell.onOpen();
    this.#render();
    this.#refreshTimes();
    this.#opened = new AbortController();
    watchDays(() => this.#refreshTimes(), this.#opened.signal);
  }

  #refreshTimes() {
    refreshTimes(this.element, this.bell.language);
  }

  #afterOpen() {
    if (!this.#isCurrent()) this.#load();
    this.#see();
  }

  /** Chromium does not return the focus if the popover is in a shadow root. */
  #beforeClose() {
    if (this.element.matches(":focus-within")) queueMicrotask(() => this.bell.button.focus());
  }

  #afterClose() {
    this.#opened.abort();
    this.#refused = false;
    this.#problem = "";
    this.#say("");
  }

  /** The panel closes when Tab moves the focus beyond its last control. @param {FocusEvent} event */
  #onFocusOut({ relatedTarget }) {
    const root = this.element.getRootNode();
    if (relatedTarget && !root.contains(/** @type {Node} */ (relatedTarget))) this.close();
  }

  /** @param {MouseEvent} event @param {Item} item @param {number} [button] its number, if one was pressed */
  async #onChoose(event, item, button) {
    const version = this.#version ?? undefined;
    if (button !== undefined) return follow(event, this.#write(() => this.bell.api.press(item.ref, button, "bell", version)));
    const row = /** @type {HTMLElement} */ (event.currentTarget);
    const stays = row.localName === "button";
    if (stays) toggle(row);
    else this.bell.reports.clicked(item, "bell");
    const done = item.read ? null : this.#write(() => this.bell.api.read([item.ref], version));
    if (!stays) await follow(event, done);
  }

  async #markAll() {
    const version = this.#version;
    if (version === null || this.markAll.ariaDisabled === "true") return;
    const act = (this.#unfinished ||= actToken());
    const written = await this.#write(() => this.bell.api.readUpTo(version, "", act));
    if (!written || act !== this.#unfinished) return; // it may go on; or somebody else is signed in
    this.#unfinished = "";
    this.#say(gettext("Marked all as read."), written.undo);
  }

  async #undoIt() {
    const token = this.#undo;
    if (!token) return;
    const hadFocus = this.undo.matches(":focus");
    const undone = await this.#write(() => this.bell.api.undo(token));
    if (undone) this.#say(undone.skipped ? gettext("What was changed since stays as it is.") : gettext("Undone."));
    else if (this.#undo) this.#undo = token; // the same undo goes on, if it has failed midway
    const next = this.markAll.ariaDisabled === "true" ? this.element : this.markAll; // the one is invisible then
    if (this.undo.hidden && hadFocus) next.focus();
  }

  /** What was done, and the token that undoes it. @param {string} text @param {string|null} [undo] */
  #say(text, undo = "") {
    this.#said = text;
    this.#undo = undo ?? "";
    this.#render();
  }

  /** The list changes when the server has answered, not before. @param {() => Promise<any>} call @returns {Promise<any>} nothing if it failed */
  async #write(call) {
    const generation = this.#generation;
    try {
      const answer = await call();
      if (generation !== this.#generation) return;
      this.bell.offer(answer);
      this.#problem = "";
      this.#say("");
      return answer;
    } catch (error) {
      const isTooLate = [404, 409].includes(error.status); // gone, or shown again since: the list is read again
      this.#problem = isTooLate ? error.message : gettext("That didn’t work. Check your connection and try again.");
      this.#undo = error.status === 404 ? "" : error.undo || this.#undo; // what was done before it failed
      if (isTooLate) this.#load();
      this.#render();
    }
  }

  #retry() {
    this.bell.retry();
    this.#load();
    this.element.focus(); // the button disappears
  }

  #render() {
    const view = this.#view();
    this.markAll.ariaDisabled = String(view !== "rows" || !this.#snapshot?.unread);
    const text = this.#problem || this.#said || (["rows", "empty"].includes(view) ? this.#outdated() : "");
    setText(this.notice, text);
    this.undo.hidden = !this.#undo;
    this.notice.dataset.failed = String(this.#problem !== "");
    if (this.body.dataset.view === view) return;
    this.body.dataset.view = view;
    this.body.replaceChildren(this.#content(view));
  }

  /** @returns {"signed-out"|"rows"|"empty"|"offline"|"unreachable"|"error"|"loading"} */
  #view() {
    if (this.#state === "signed-out") return "signed-out";
    if (this.rows.links.length) return "rows";
    if (this.#failed) return this.#outage || "error";
    return this.#version === null ? "loading" : "empty";
  }

  /** Why the rows on screen may be out of date, or "". */
  #outdated() {
    if (this.#outage === "offline") return gettext("You’re offline. This list may be out of date.");
    if (this.#outage) return gettext("No connection. This list may be out of date.");
    return this.#failed ? gettext("This list couldn’t be refreshed and may be out of date.") : "";
  }

  #content(view) {
    if (view === "rows") return this.rows.element;
    if (view === "loading") return skeleton();
    return views[view]({ inbox: this.bell.inbox, retry: () => this.#retry() });
  }
}

/** As on the inbox page. @param {KeyboardEvent} event */
function isUndo(event) {
  return event.key === "z" && !(event.metaKey || event.ctrlKey || event.altKey);
}

/** An item without a link unfolds in place. @param {HTMLElement} row */
function toggle(row) {
  row.ariaExpanded = String(row.ariaExpanded !== "true");
}
