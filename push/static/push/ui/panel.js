/**
 * The panel under the bell: the frame around the list, and what it shows instead of one. The list is in feed.js, the other views
 * are in views.js.
 * @import {InboxApi} from "../../inbox/shared/inbox-api.js" @import {Outage, Snapshot, State} from "../client/types.js"
 */
import { h, setText } from "../../inbox/shared/dom.js";
import { gettext } from "../../inbox/shared/i18n.js";
import { icon } from "../../inbox/shared/icons.js";
import { KeptNotice } from "../../inbox/shared/kept-notice.js";
import { watchDays } from "../../inbox/shared/times.js";
import { Feed } from "./feed.js";
import { PanelKeys } from "./panel-keys.js";
import { place } from "./place.js";
import { skeleton, views } from "./views.js";

/** A popover with the newest items. */
export class Panel {
  /** @type {State} */ state = "connecting";
  /** @type {Snapshot|null} */ #snapshot = null;
  /** @type {Outage} */ #outage = "";
  #problem = ""; // with the user's last action
  #said = ""; // of the user's last action
  /** @type {(() => any)|null} */ #undo = null;
  #opened = new AbortController(); // ends when the panel closes

  /**
   * @param {{api: InboxApi, language: string, inbox: string, site: URL, button: HTMLElement,
   *          reports: import("../../inbox/shared/reports.js").Reports, offer: (snapshot: Snapshot) => void, retry: () => void, recheckUser: () => void, onOpen: () => void}} bell
   */
  constructor(bell) {
    this.bell = bell;
    this.kept = new KeptNotice("bell", {
      leave: () => this.element.focus(),
      tryAgain: () => this.feed.actions.tryAgain(true),
      button: "quiet",
    });
    this.feed = new Feed(bell, this);
    this.#build();
  }

  #build() {
    const label = gettext("Mark all as read");
    this.markAll = h("button", { class: "quiet", type: "button", onclick: () => this.#markAll() }, icon("checks"), label);
    const shut = h("button", { class: "shut", type: "button", "aria-label": gettext("Close"), onclick: () => this.close() }, icon("close"));
    this.filters = [[false, gettext("All")], [true, gettext("Unread")]].map(([unread, text]) =>
      h("button", { class: "filter", type: "button", "aria-pressed": String(!unread), onclick: () => this.#choose(unread) }, text));
    this.notice = h("p", { class: "notice", role: "status" });
    this.undo = h("button", { class: "undo", type: "button", hidden: true, onclick: () => this.undoIt() }, gettext("Undo"));
    this.body = h("div", { class: "list" });
    this.keys = new PanelKeys(this);
    this.sheet = h("div", { class: "sheet" },
      h("div", { class: "head" }, h("h2", { id: "heading" }, gettext("Notifications")), shut,
        h("div", { class: "tools" }, h("div", { class: "filters", role: "group", "aria-labelledby": "heading" }, ...this.filters), this.markAll)),
      h("div", { class: "line" }, this.notice, this.undo),
      this.kept.element,
      this.body,
      h("div", { class: "foot" }, h("a", { class: "all", href: this.bell.inbox }, gettext("View all"))));
    this.element = h("div", {
      id: "panel", class: "panel", popover: "auto", role: "dialog", "aria-labelledby": "heading", tabindex: "-1", autofocus: true,
      onbeforetoggle: (event) => event.target === this.element && (event.newState === "open" ? this.#beforeOpen() : this.#beforeClose()),
      ontoggle: (event) => event.target === this.element && (event.newState === "open" ? this.#afterOpen() : this.#afterClose()),
      onkeydown: (event) => this.keys.onKey(event),
      onfocusout: (event) => this.#onFocusOut(event),
      onclick: (event) => event.target === this.element && this.close(),
    }, this.sheet, this.feed.snooze.element);
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
    this.#snapshot = null;
    this.kept.kept.clear();
    this.feed.clear();
    this.say("");
  }

  /** @param {Snapshot} snapshot */
  onSnapshot(snapshot) {
    this.#snapshot = snapshot;
    this.render();
    this.feed.onSnapshot(snapshot);
  }

  /** @param {State} state */
  onState(state) {
    this.state = state;
    this.render();
    if (this.opened && this.feed.failed && state === "live") this.feed.load();
  }

  /** @param {Outage} outage */
  onOutage(outage) {
    this.#outage = outage;
    this.render();
    if (!outage) this.feed.actions.tryAgain(false); // what only marks; more would surprise who has done it long ago
  }

  #beforeOpen() {
    place(this.element, this.bell.button);
    this.bell.onOpen();
    this.render();
    this.feed.refreshDays();
    this.#opened = new AbortController();
    watchDays(() => this.feed.refreshDays(), this.#opened.signal);
  }

  /** Chromium does not return the focus if the popover is in a shadow root. */
  #beforeClose() {
    if (this.element.matches(":focus-within")) queueMicrotask(() => this.bell.button.focus());
  }

  #afterOpen() {
    this.keys.reset();
    this.feed.open();
  }

  #afterClose() {
    this.#opened.abort();
    this.feed.close();
    this.say("");
  }

  /** The panel closes when Tab moves the focus beyond its last control. @param {FocusEvent} event */
  #onFocusOut({ relatedTarget }) {
    const root = this.element.getRootNode();
    if (relatedTarget && !root.contains(/** @type {Node} */ (relatedTarget))) this.close();
  }

  #markAll() {
    if (this.feed.version !== null && this.markAll.ariaDisabled !== "true") this.feed.actions.readAll(this.feed.version, this.feed.filter);
  }

  /** All, or what is unread: until the page is left. @param {boolean} unread */
  #choose(unread) {
    if (this.feed.filter.unread === unread) return;
    this.filters.forEach((button, at) => (button.ariaPressed = String(Boolean(at) === unread)));
    this.say("");
    this.feed.choose(unread);
    this.render();
  }

  /** What was done last, if it can be undone. */
  async undoIt() {
    const undo = this.#undo;
    if (!undo) return;
    if (this.undo.matches(":focus")) this.element.focus(); // the button is about to go
    this.say("");
    await undo();
    if (!this.element.matches(":focus")) return; // that of a row which is back
    if (this.#undo) this.undo.focus();
    else if (this.markAll.ariaDisabled !== "true") this.markAll.focus();
  }

  /** What was done, and what undoes it. @param {string} text @param {(() => any)|null} [undo] */
  say(text, undo = null) {
    this.#problem = "";
    this.#said = text;
    this.#undo = undo;
    this.render();
  }

  /** What failed, and what undoes it nevertheless. @param {string} text @param {(() => any)|null} undo */
  complain(text, undo) {
    this.#problem = text;
    this.#undo = undo;
    this.render();
  }

  /** Something worked. */
  solve() {
    this.#problem = "";
    this.render();
  }

  #retry() {
    this.bell.retry();
    this.feed.load();
    this.element.focus(); // the button disappears
  }

  render() {
    if (!this.body) return;
    const view = this.#view();
    this.markAll.ariaDisabled = String(view !== "rows" || !this.#snapshot?.unread);
    setText(this.notice, this.#problem || this.#said || (["rows", "empty", "read"].includes(view) ? this.#outdated() : ""));
    this.undo.hidden = !this.#undo;
    this.notice.dataset.failed = String(this.#problem !== "");
    if (this.body.dataset.view === view && view !== "rows") return;
    if (view === "rows" && this.body.firstChild === this.feed.list.element) return;
    const hadFocus = this.body.matches(":focus-within");
    this.body.dataset.view = view;
    this.body.replaceChildren(this.#content(view));
    if (hadFocus) this.element.focus();
  }

  /** @returns {"signed-out"|"rows"|"empty"|"read"|"offline"|"unreachable"|"error"|"loading"} */
  #view() {
    if (this.state === "signed-out") return "signed-out";
    if (this.feed.list.items.length) return "rows";
    if (this.feed.failed) return this.#outage || "error";
    if (this.feed.version === null) return "loading";
    return this.feed.filter.unread ? "read" : "empty";
  }

  /** Why the rows on screen may be out of date, or "". */
  #outdated() {
    if (this.#outage === "offline") return gettext("You’re offline. This list may be out of date.");
    if (this.#outage) return gettext("No connection. This list may be out of date.");
    return this.feed.failed ? gettext("This list couldn’t be refreshed and may be out of date.") : "";
  }

  #content(view) {
    if (view === "rows") return this.feed.list.element;
    if (view === "loading") return skeleton();
    return views[view]({ inbox: this.bell.inbox, retry: () => this.#retry(), showAll: () => this.#showAll() });
  }

  #showAll() {
    this.filters[0].focus(); // the button disappears
    this.#choose(false);
  }
}
