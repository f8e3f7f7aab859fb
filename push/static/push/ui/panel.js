/**
 * The panel under the bell: when it loads the newest items, and what it shows. Its rows are in rows.js, its other views in
 * views.js.
 * @import {Api} from "../../inbox/shared/api.js" @import {Item, Snapshot, State} from "../client/types.js"
 */
import { h, setText } from "../../inbox/shared/dom.js";
import { gettext } from "../../inbox/shared/i18n.js";
import { icon } from "../../inbox/shared/icons.js";
import { readItems } from "../../inbox/shared/item.js";
import { sameUser } from "../../inbox/shared/snapshot.js";
import { refreshTimes, WEEK } from "../../inbox/shared/times.js";
import { follow } from "./follow.js";
import { place } from "./place.js";
import { Rows } from "./rows.js";
import { skeleton, views } from "./views.js";

const SHOWN = 15; // items; the inbox page has the rest
const MINUTE = 60_000; // milliseconds

/** A popover with the newest items. */
export class Panel {
  /** The version read before the items on screen: what "mark all" covers. @type {number|null} */ #version = null;
  /** @type {Snapshot|null} */ #snapshot = null;
  /** @type {State} */ #state = "connecting";
  #loading = false;
  #stale = false; // the state has changed since the list was requested
  #failed = false; // the last request
  #generation = {}; // replaced by `clear`: a response to an earlier request is dropped
  #refused = false; // with 401, since the panel was opened
  #problem = ""; // with the user's last action
  #clock = 0; // timer

  /**
   * @param {{api: Api, language: string, inbox: string, site: URL, button: HTMLElement,
   *          reports: import("../../inbox/shared/reports.js").Reports, offer: (snapshot: Snapshot) => void, retry: () => void, recheckUser: () => void, onOpen: () => void}} bell
   */
  constructor(bell) {
    this.bell = bell;
    this.rows = new Rows(bell.language, (event, item) => this.#onChoose(event, item));
    this.#build();
  }

  #build() {
    const label = gettext("Mark all as read");
    this.markAll = h("button", { class: "quiet", type: "button", onclick: () => this.#markAll() }, icon("checks"), label);
    const shut = h("button", { class: "shut", type: "button", "aria-label": gettext("Close"), onclick: () => this.close() }, icon("close"));
    this.notice = h("p", { class: "notice", role: "status" });
    this.body = h("div", { class: "list" });
    this.sheet = h("div", { class: "sheet" },
      h("div", { class: "head" }, h("h2", { id: "heading" }, gettext("Notifications")), this.markAll, shut),
      this.notice,
      this.body,
      h("div", { class: "foot" }, h("a", { class: "all", href: this.bell.inbox }, gettext("View all"))));
    this.element = h("div", {
      id: "panel", class: "panel", popover: "auto", role: "dialog", "aria-labelledby": "heading", tabindex: "-1", autofocus: true,
      onbeforetoggle: (event) => event.newState === "open" ? this.#beforeOpen() : this.#beforeClose(),
      ontoggle: (event) => event.newState === "open" ? this.#afterOpen() : this.#afterClose(),
      onkeydown: (event) => this.rows.onKey(event),
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
    this.#generation = {};
    this.rows.show([]);
    this.#render();
  }

  /** @param {Snapshot} snapshot */
  onSnapshot(snapshot) {
    this.#snapshot = snapshot;
    this.#render();
    if (this.opened && !this.#isCurrent()) this.#load();
  }

  /** @param {State} state */
  onState(state) {
    this.#state = state;
    this.#render();
    if (this.opened && this.#failed && state === "live") this.#load();
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
      const page = await this.bell.api.inbox(SHOWN);
      if (generation !== this.#generation) return;
      if (this.#snapshot && !sameUser(this.#snapshot, page)) return this.#recheckUser();
      this.#take(page);
      this.#failed = this.#refused = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  #isCurrent() {
    return this.#state === "live" && !this.#failed && this.#version !== null && this.#version >= this.#snapshot?.version;
  }

  /** @param {{version: number, items: Item[]}} page */
  #take({ version, items }) {
    const shown = readItems(items, this.bell.site);
    this.#version = version;
    this.rows.show(shown);
    this.rows.watch(this.bell.reports);
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
    this.#clock = setInterval(() => this.#refreshTimes(), MINUTE);
  }

  #refreshTimes() {
    refreshTimes(this.element, this.bell.language, WEEK);
  }

  #afterOpen() {
    if (!this.#isCurrent()) this.#load();
  }

  /** Chromium does not return the focus if the popover is in a shadow root. */
  #beforeClose() {
    if (this.element.matches(":focus-within")) queueMicrotask(() => this.bell.button.focus());
  }

  #afterClose() {
    clearInterval(this.#clock);
    this.#refused = false;
    this.#problem = "";
    this.#render();
  }

  /** The panel closes when Tab moves the focus beyond its last control. @param {FocusEvent} event */
  #onFocusOut({ relatedTarget }) {
    const root = this.element.getRootNode();
    if (relatedTarget && !root.contains(/** @type {Node} */ (relatedTarget))) this.close();
  }

  /** @param {MouseEvent} event @param {Item} item */
  async #onChoose(event, item) {
    const row = /** @type {HTMLElement} */ (event.currentTarget);
    const stays = row.localName === "button";
    if (stays) toggle(row);
    else this.bell.reports.clicked(item, "bell");
    const done = item.read ? null : this.#write(() => this.bell.api.read([item.ref], this.#version ?? undefined));
    if (!stays) await follow(event, done);
  }

  #markAll() {
    if (this.#version === null || this.markAll.ariaDisabled === "true") return;
    return this.#write(() => this.bell.api.readUpTo(this.#version));
  }

  /** The list changes when the server has answered, not before. @param {() => Promise<Snapshot>} call */
  async #write(call) {
    try {
      this.bell.offer(await call());
      this.#problem = "";
    } catch (error) {
      const changed = error.status === 409; // shown again since: the list gets the new text
      this.#problem = changed ? error.message : gettext("That didn’t work. Check your connection and try again.");
      if (changed) this.#load();
    }
    this.#render();
  }

  #retry() {
    this.bell.retry();
    this.#load();
    this.element.focus(); // the button disappears
  }

  #render() {
    const view = this.#view();
    this.markAll.ariaDisabled = String(view !== "rows" || !this.#snapshot?.unread);
    const text = this.#problem || (view === "rows" ? this.#outdated() : "");
    setText(this.notice, text);
    this.notice.dataset.failed = String(this.#problem !== "");
    if (this.body.dataset.view === view) return;
    this.body.dataset.view = view;
    this.body.replaceChildren(this.#content(view));
  }

  /** @returns {"signed-out"|"rows"|"empty"|"offline"|"error"|"loading"} */
  #view() {
    if (this.#state === "signed-out") return "signed-out";
    if (this.rows.links.length) return "rows";
    if (this.#failed) return this.#state === "offline" ? "offline" : "error";
    return this.#version === null ? "loading" : "empty";
  }

  /** Why the rows on screen may be out of date, or "". */
  #outdated() {
    if (this.#state === "offline") return gettext("You’re offline. This list may be out of date.");
    return this.#failed ? gettext("This list couldn’t be refreshed and may be out of date.") : "";
  }

  #content(view) {
    if (view === "rows") return this.rows.element;
    if (view === "loading") return skeleton();
    return views[view]({ inbox: this.bell.inbox, retry: () => this.#retry() });
  }
}

/** An item without a link unfolds in place. @param {HTMLElement} row */
function toggle(row) {
  row.ariaExpanded = String(row.ariaExpanded !== "true");
}
