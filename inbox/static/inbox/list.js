/* The list on screen: items as keyed rows under day headings. Rows that stay are never moved, so focus stays too. */

import { buildRow, tick, updateRow } from "./row.js";
import { dayName } from "./words.js";

export class List {
  items = [];
  #rows = new Map(); // ref → li
  #headings = new Map(); // "Today 1" → li

  /** `kindOf(type)` → {icon, label}; `sprite` is the address of icons.svg. */
  constructor(element, kindOf, sprite) {
    Object.assign(this, { element, kindOf, sprite });
    setInterval(() => this.tick(), 60_000);
  }

  find(ref) {
    return this.items.find((item) => item.ref === ref);
  }

  row(ref) {
    return this.#rows.get(ref);
  }

  /** Show exactly `items`; focus in a row that goes moves to its neighbour. `fresh` of them, at the top, glow. */
  show(items, fresh = 0) {
    const focus = this.#focusAfter(items);
    this.items = items;
    this.#drop(new Set(items.map((item) => item.ref)));
    this.#lay([...this.#withHeadings(items)]);
    for (const item of items.slice(0, fresh)) this.row(item.ref).classList.add("rd-fresh");
    focus?.();
  }

  without(ref) {
    return this.items.filter((item) => item.ref !== ref);
  }

  tick() {
    for (const row of this.#rows.values()) tick(row);
  }

  /** The focused row's ref, if the focus is in the list. */
  get current() {
    return document.activeElement?.closest?.("[data-ref]")?.dataset.ref;
  }

  #rowOf(item) {
    const old = this.#rows.get(item.ref);
    if (old) updateRow(old, item, this.sprite);
    else this.#rows.set(item.ref, buildRow(item, this.kindOf(item.type), this.sprite));
    return this.#rows.get(item.ref);
  }

  /* Items come in the order of their arrival. Where one says that it is from another day than its neighbour, it stands
   * under a heading of its own, even if that was there before. */
  *#withHeadings(items) {
    let [last, times] = ["", new Map()];
    for (const item of items) {
      const name = item.created_at ? dayName(new Date(item.created_at)) : last;
      if (name !== last) {
        times.set(name, (times.get(name) ?? 0) + 1);
        yield this.#heading(name, times.get(name));
      }
      last = name;
      yield this.#rowOf(item);
    }
  }

  #heading(name, time) {
    const key = `${name} ${time}`;
    if (!this.#headings.has(key)) {
      const row = document.createElement("li");
      row.className = "rd-day";
      row.append(Object.assign(document.createElement("h2"), { textContent: name }));
      this.#headings.set(key, row);
    }
    return this.#headings.get(key);
  }

  #drop(refs) {
    for (const [ref, row] of this.#rows) {
      if (refs.has(ref)) continue;
      row.remove();
      this.#rows.delete(ref);
    }
  }

  #lay(nodes) {
    const wanted = new Set(nodes);
    for (const child of [...this.element.children]) if (!wanted.has(child)) child.remove();
    let place = this.element.firstChild;
    for (const node of wanted) {
      if (node === place) place = place.nextSibling;
      else this.element.insertBefore(node, place);
    }
  }

  /* → what restores the focus when the focused row is about to go: the same control, one row further. */
  #focusAfter(items) {
    const [ref, kept] = [this.current, new Set(items.map((item) => item.ref))];
    if (!ref || kept.has(ref)) return null;
    const act = document.activeElement.dataset.act ?? "open";
    const at = this.items.findIndex((item) => item.ref === ref);
    const stays = (item) => kept.has(item.ref);
    const next = this.items.slice(at).find(stays) ?? this.items.slice(0, at).findLast(stays);
    return () => (next ? this.focus(next.ref, act) : this.element.focus());
  }

  focus(ref, act = "open") {
    const row = this.row(ref);
    const control = row?.querySelector(`[data-act="${act}"]:not([hidden])`) ?? row?.querySelector('[data-act="open"]');
    control?.focus();
  }
}
