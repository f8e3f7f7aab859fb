/* A list on screen: rows under headings. What a row looks like is in row.js. */

import { h, reconcile, setText } from "../dom.js";
import { gliding } from "../glide.js";
import { adoptRow, buildRow, updateRow } from "./row.js";

/** Rows that stay are never moved, so they keep the focus. */
export class List {
  items = [];
  onShown = () => {}; // called after each change of the rows
  #nodes = new Map(); // key of a row or heading → li

  /**
   * `look`: that of the rows (row.js), {surface}, its name for `reports`, and {heading: "h2" or "h3", headingOf(item, before)}, the
   * heading of an item below an item with the heading `before`, or "". @param {import("../reports.js").Reports} reports
   */
  constructor(element, look, reports) {
    Object.assign(this, { element, look, reports });
  }

  /** Take over the rows that the page came with: those of these items stay the nodes that they are. */
  adopt(items) {
    const left = [...this.element.children];
    for (const [key, , item, day] of this.#entries(items)) {
      const at = left.findIndex((node, place) => (item ? node.dataset.ref === item.ref : !place && !node.dataset.ref));
      if (at < 0) continue;
      for (const node of left.splice(0, at)) node.remove(); // a heading that has its place elsewhere in this time zone
      const node = left.shift();
      this.#nodes.set(key, node);
      if (item) adoptRow(node, item, this.look);
      else setText(node.firstElementChild, day);
    }
    for (const node of left) node.remove();
    this.show(items);
  }

  find(ref) {
    return this.items.find((item) => item.ref === ref);
  }

  row(ref) {
    return this.#nodes.get(rowKey(ref));
  }

  /** Show exactly `items`, the first `fresh` of them highlighted. If the focused row goes, the focus moves to its neighbour. */
  show(items, fresh = 0) {
    const restoreFocus = this.#focusAfter(items);
    const glide = gliding(this.element);
    this.items = items;
    const makers = new Map(this.#entries(items));
    reconcile(this.element, this.#nodes, [...makers.keys()], (key) => makers.get(key)());
    for (const item of items) updateRow(this.row(item.ref), item);
    for (const item of items) this.reports.watch(this.row(item.ref), item, this.look.surface);
    for (const item of items.slice(0, fresh)) this.row(item.ref).classList.add("rd-fresh");
    this.onShown();
    glide();
    restoreFocus?.();
  }

  without(ref) {
    return this.items.filter((item) => item.ref !== ref);
  }

  /* In the bell the list is in a shadow tree. */
  get #focused() {
    return this.element.querySelector(":focus");
  }

  /** The ref of the focused row, if the focus is in the list. */
  get current() {
    return this.#focused?.closest("[data-ref]")?.dataset.ref;
  }

  /* Each: the key, the function that makes the node, and the item or the heading. Where the heading changes there is one, even if
   * it was there before. */
  *#entries(items) {
    let last = "";
    const times = new Map();
    for (const item of items) {
      const day = this.look.headingOf(item, last);
      if (day && day !== last) {
        times.set(day, (times.get(day) ?? 0) + 1);
        yield [`day ${day} ${times.get(day)}`, () => h("li", { class: "rd-day" }, h(this.look.heading, {}, day)), null, day];
      }
      last = day;
      yield [rowKey(item.ref), () => buildRow(item, this.look), item];
    }
  }

  /* Returns what restores the focus if the focused row is about to be moved, or to go: then to the same control of the next row. */
  #focusAfter(items) {
    const [ref, kept] = [this.current, new Set(items.map((item) => item.ref))];
    if (!ref) return null;
    const act = this.#focused.dataset.act ?? "open";
    if (kept.has(ref)) return () => this.#isLost() && this.focus(ref, act); // its row was moved, or its button has gone
    const at = this.items.findIndex((item) => item.ref === ref);
    const stays = (item) => kept.has(item.ref);
    const next = this.items.slice(at).find(stays) ?? this.items.slice(0, at).findLast(stays);
    return () => (next ? this.focus(next.ref, act) : this.element.focus());
  }

  #isLost() {
    return !this.#focused || this.#focused.closest("[hidden]") !== null;
  }

  focus(ref, act = "open") {
    const row = this.row(ref);
    const control = row?.querySelector(`[data-act="${act}"]:not([hidden])`) ?? row?.querySelector('[data-act="open"]');
    control?.focus();
  }
}

function rowKey(ref) {
  return `item ${ref}`;
}
