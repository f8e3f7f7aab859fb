/* Selecting rows of the list: their checkboxes, and the bar of what can be done to the selected ones. */

import { listed } from "../filters.js";
import { h } from "../shared/dom.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { Bar } from "./bar.js";
import { Bulk } from "./bulk.js";
import { Selection } from "./selection.js";

const SNOOZED = { snoozed_until: null }; // stands for all that is selected in the dialog that asks until when

export class Selecting {
  #selection = new Selection();
  #counted = null; // how many match; null: not asked for, or no more than are on screen
  #asked = ""; // for which the count was asked
  #counting = Promise.resolve(); // until it is there
  #widening = Promise.resolve();

  /**
   * `page`: {api, list, filter, version, hasMore, owner, actions, toast, askSnooze(item), refresh(), onWritten(snapshot),
   * onWriteFailed(error)}. @param {HTMLElement} root of the page
   */
  constructor(root, page) {
    this.page = page;
    this.bar = new Bar(root.querySelector("[data-bar]"), {
      act: (name) => this.act(name),
      every: (on) => (on ? this.all() : this.clear()),
      matching: () => this.matching(),
      clear: () => this.clear(),
    });
    this.bulk = new Bulk(page.api, this.#selection, page.actions, page.toast, page, () => this.#draw());
    page.list.element.addEventListener("click", (event) => event.target.matches(".rd-pick input") && this.#onPick(event));
    page.list.element.addEventListener("mousedown", (event) => {
      if (event.shiftKey && event.target.closest(".rd-pick")) event.preventDefault(); // else the texts between are selected
    });
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.isEmpty && !event.target.closest("dialog, [type=search]")) this.clear();
    });
    page.list.onShown = () => this.#onShown();
  }

  get isEmpty() {
    return this.#selection.isEmpty;
  }

  /** Select this row, or not any more. @param {string} ref */
  toggle(ref) {
    this.#change(() => this.#selection.toggle(ref));
  }

  /** Select all from the row that was toggled last to this one. @param {string} ref */
  extendTo(ref) {
    this.#change(() => this.#selection.extend(ref, this.#order));
  }

  /** All that is on screen. */
  all() {
    this.#change(() => this.#selection.all(this.#order));
  }

  /** The same; then all that the filter chooses, if that is more; then none. What is done next waits for it. */
  widen() {
    return (this.#widening = this.#widen());
  }

  async #widen() {
    if (!this.#selection.hasAll(this.#order)) return this.all();
    if (!this.#selection.every) await this.#counting;
    if (this.#selection.every || !this.page.hasMore || !this.#counted) this.clear();
    else this.matching();
  }

  /** All that the filter chooses, on screen or not. */
  matching() {
    if (!this.#counted) return;
    const hadFocus = this.bar.hasFocus;
    this.#change(() => this.#selection.matching(this.#order, this.#counted));
    if (hadFocus) this.bar.every.focus(); // the button has gone
  }

  clear() {
    const rows = this.#items.map((item) => this.page.list.row(item.ref));
    const hadFocus = this.bar.hasFocus && document.activeElement !== this.bar.every; // else drawing it may lose the focus
    this.#change(() => this.#selection.clear());
    if (hadFocus) this.#leaveBar(rows.find(isOnScreen) ?? rows[0]);
  }

  /** Do this to all that is selected; `read`, `archive` and `star` as for a row: or the opposite, if all of it is so. */
  async toggled(name) {
    await this.#widening;
    const items = this.#items;
    const opposite = { read: ["read", "unread"], archive: ["archived", "unarchive"], star: ["starred", "unstar"] }[name];
    return this.act(opposite && !this.#selection.every && items.every((item) => item[opposite[0]]) ? opposite[1] : name);
  }

  /** @param {string} name as of bulk.js, or snooze, which asks until when */
  act(name) {
    return name === "snooze" ? this.page.askSnooze(SNOOZED) : this.#do(name);
  }

  /** The dialog was answered. Returns whether it was about what is selected. @param {object} item @param {Date} until */
  snooze(item, until) {
    if (item === SNOOZED) this.#do("snooze", until);
    return item === SNOOZED;
  }

  async #do(name, until) {
    const items = this.#items;
    const changes = await this.bulk.do(name, until);
    if (changes) {
      this.clear(); // the focus goes to a row, and to its neighbour if it goes
      this.page.actions.applied(items, changes);
    }
    await this.page.refresh();
  }

  get #order() {
    return this.page.list.items.map((item) => item.ref);
  }

  get #items() {
    return this.page.list.items.filter((item) => this.#selection.refs.has(item.ref));
  }

  #onPick(event) {
    const { ref } = event.target.closest("[data-ref]").dataset;
    const on = event.target.checked;
    this.#change(() => (event.shiftKey ? this.#selection.extend(ref, this.#order, on) : this.#selection.toggle(ref, on)));
  }

  #onShown() {
    if (!this.bulk?.progress) this.#selection.keep(this.#order);
    this.#draw();
  }

  #change(work) {
    if (this.bulk.progress) return this.#draw();
    work();
    this.#draw();
    this.#counting = this.#count(this.#counting);
  }

  /* The focus of a control of the bar that has gone: to a row that was selected, and nothing scrolls. */
  #leaveBar(row) {
    const next = row?.querySelector(".rd-pick input") ?? this.page.list.element;
    next.focus({ preventScroll: true });
  }

  /* All that is shown is selected, and there is more. */
  async #count(before) {
    const { filter, hasMore, version } = this.page;
    if (!hasMore || !this.#selection.hasAll(this.#order)) return;
    const asked = JSON.stringify([filter, version]);
    if (asked === this.#asked) return before;
    this.#asked = asked;
    this.#counted = null;
    try {
      const counted = await this.page.api.count(listed(filter));
      if (asked === this.#asked && this.page.owner.owns(counted)) this.#counted = counted;
    } catch (error) {
      if (!("status" in error)) throw error;
      if (asked === this.#asked) this.#asked = ""; // what is shown is selected nevertheless
    }
    this.#draw();
  }

  #draw() {
    const { items, element } = this.page.list;
    const isStarred = !this.#selection.every && this.#items.length > 0 && this.#items.every((item) => item.starred);
    const counted = this.page.hasMore ? this.#counted : null;
    const hadFocus = this.bar.hasFocus;
    for (const item of items) check(this.page.list.row(item.ref), item, this.#selection.refs.has(item.ref));
    this.bar.draw({ selection: this.#selection, order: this.#order, counted, view: this.page.filter.view, isStarred, progress: this.bulk?.progress });
    if (hadFocus && !items.length) element.focus();
  }
}

function isOnScreen(row) {
  const { top, bottom } = row.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

/* The checkbox of a row: that of the server, or one that is made here. */
function check(row, item, on) {
  let input = row.querySelector(".rd-pick input");
  if (!input) {
    const value = item.thread ? `thread ${item.thread}` : (item.newest ?? item.ref); // as the form of the page sends it
    input = h("input", { type: "checkbox", name: "ref", value });
    row.prepend(h("label", { class: "rd-pick" }, input));
  }
  const label = interpolate(gettext("Select: %(title)s"), { title: item.title });
  if (input.ariaLabel !== label) input.ariaLabel = label;
  input.checked = on;
  row.classList.toggle("rd-selected", on);
}
