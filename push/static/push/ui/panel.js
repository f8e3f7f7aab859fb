/** @import {Api} from "../client/api.js" @import {Item, Snapshot, State} from "../client/types.js" */
import { gettext } from "../i18n.js";
import { follow } from "./follow.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { place } from "./place.js";
import { Rows } from "./rows.js";
import { refreshTimes } from "./time.js";
import { skeleton, views } from "./views.js";
import { readItems } from "../../inbox/item.js";

const SHOWN = 15; // items; the rest is on the inbox page
const MINUTE = 60_000;

/** The dropdown: the newest items, and what to say when there are none to show. */
export class Panel {
  /** Version read before the items on screen (what "mark all" covers). @type {number|null} */ #version = null;
  /** @type {Snapshot|null} */ #snapshot = null;
  /** @type {State} */ #state = "connecting";
  #loading = false;
  #stale = false; // something moved since the list was asked for
  #failed = false;
  #whose = {}; // another one after each `clear`: what was asked for before it is not shown after it
  #refused = false; // since the panel was opened
  #problem = ""; // with what the user did last
  #clock = 0;

  /**
   * @param {{api: Api, language: string, inbox: string, site: URL, button: HTMLElement,
   *          offer: (snapshot: Snapshot) => void, retry: () => void, refused: () => void, opened: () => void}} bell
   */
  constructor(bell) {
    this.bell = bell;
    this.rows = new Rows(bell.language, (event, item) => this.#choose(event, item));
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
      onbeforetoggle: (event) => event.newState === "open" ? this.#opening() : this.#closing(),
      ontoggle: (event) => event.newState === "open" ? this.#opened() : this.#closed(),
      onkeydown: (event) => this.rows.onKey(event),
      onfocusout: (event) => this.#leaving(event),
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

  /** Another user's, or nobody's: forget what was shown. */
  clear() {
    this.#version = this.#snapshot = null;
    this.#whose = {};
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

  /** Fetches the list. What moves meanwhile is fetched once more, however often it moved. */
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
    const whose = this.#whose;
    try {
      const page = await this.bell.api.inbox(SHOWN);
      if (whose !== this.#whose) return;
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
  }

  /** Whether we are signed out is for the client to find out: what was refused may be an old cookie. */
  #fail(error) {
    this.#failed = true;
    if (error.status !== 401 || this.#refused) return;
    this.#refused = true;
    this.bell.refused();
  }

  #opening() {
    place(this.element, this.bell.button);
    this.bell.opened();
    this.#render();
    refreshTimes(this.element, this.bell.language);
    this.#clock = setInterval(() => refreshTimes(this.element, this.bell.language), MINUTE);
  }

  #opened() {
    if (!this.#isCurrent()) this.#load();
  }

  /** Chromium forgets to give the focus back when the popover lives in a shadow root. */
  #closing() {
    if (this.element.matches(":focus-within")) queueMicrotask(() => this.bell.button.focus());
  }

  #closed() {
    clearInterval(this.#clock);
    this.#refused = false;
    this.#problem = "";
    this.#render();
  }

  /** Tab beyond the last control goes on with the page. @param {FocusEvent} event */
  #leaving({ relatedTarget }) {
    const root = this.element.getRootNode();
    if (relatedTarget && !root.contains(/** @type {Node} */ (relatedTarget))) this.close();
  }

  /** @param {MouseEvent} event @param {Item} item */
  async #choose(event, item) {
    const row = /** @type {HTMLElement} */ (event.currentTarget);
    const stays = row.localName === "button";
    if (stays) toggle(row);
    const done = item.read ? null : this.#write(() => this.bell.api.read([item.ref]));
    if (!stays) await follow(event, done);
  }

  #markAll() {
    if (this.#version === null || this.markAll.ariaDisabled === "true") return;
    return this.#write(() => this.bell.api.readUpTo(this.#version));
  }

  /** Shows what the server answers, nothing sooner. @param {() => Promise<Snapshot>} call */
  async #write(call) {
    try {
      this.bell.offer(await call());
      this.#problem = "";
    } catch {
      this.#problem = gettext("That didn’t work. Check your connection and try again.");
    }
    this.#render();
  }

  #retry() {
    this.bell.retry();
    this.#load();
    this.element.focus(); // the button goes
  }

  #render() {
    const view = this.#view();
    this.markAll.ariaDisabled = String(view !== "rows" || !this.#snapshot?.unread);
    const text = this.#problem || (view === "rows" ? this.#doubt() : "");
    if (this.notice.textContent !== text) this.notice.textContent = text;
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

  /** Why the rows on screen may not be the whole truth. */
  #doubt() {
    if (this.#state === "offline") return gettext("You’re offline. This list may be out of date.");
    return this.#failed ? gettext("This list couldn’t be refreshed and may be out of date.") : "";
  }

  #content(view) {
    if (view === "rows") return this.rows.element;
    if (view === "loading") return skeleton();
    return views[view]({ inbox: this.bell.inbox, retry: () => this.#retry() });
  }
}

/** A message that leads nowhere unfolds in place. @param {HTMLElement} row */
function toggle(row) {
  row.ariaExpanded = String(row.ariaExpanded !== "true");
}
