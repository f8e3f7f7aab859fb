/** The panel's list of items. Where the items come from is in panel.js. @import {Item} from "../client/types.js" */
import { h, reconcile } from "../../inbox/shared/dom.js";
import { gettext } from "../../inbox/shared/i18n.js";
import { typeIcon } from "../../inbox/shared/icons.js";
import { levelWord } from "../../inbox/shared/item.js";
import { timeElement, WEEK } from "../../inbox/shared/times.js";

/** The type's icon in a circle, coloured by level. @param {Item} item */
export function glyph(item) {
  return h("span", { class: "glyph", "data-level": item.level }, typeIcon(item.type));
}

/** Rows that stay when the list changes are kept, so focus and scroll position survive. */
export class Rows {
  element = h("ul", { class: "rows" });
  /** @type {Map<string, Element>} */ #known = new Map();
  /** @type {Map<string, Item>} */ #items = new Map();

  /** @param {string} language @param {(event: MouseEvent, item: Item) => void} onChoose */
  constructor(language, onChoose) {
    this.language = language;
    this.onChoose = onChoose;
  }

  /** @param {Item[]} items newest first */
  show(items) {
    const focused = this.#focusedIndex();
    this.#items = new Map(items.map((item) => [keyOf(item), item]));
    reconcile(this.element, this.#known, [...this.#items.keys()], (key) => this.#make(key));
    for (const [key, item] of this.#items) fill(this.#known.get(key).firstElementChild, item, this.language);
    if (focused >= 0 && this.#focusedIndex() < 0) this.focus(Math.min(focused, items.length - 1));
  }

  /** Note which of them are seen. @param {import("../../inbox/shared/reports.js").Reports} reports */
  watch(reports) {
    for (const [key, item] of this.#items) reports.watch(this.#known.get(key), item, "bell");
  }

  /** @returns {HTMLElement[]} */
  get links() {
    return [...this.element.querySelectorAll(".row")];
  }

  /** @param {number} index */
  focus(index) {
    this.links[index]?.focus();
  }

  /** Arrow keys, Home and End move among the rows. @param {KeyboardEvent} event */
  onKey(event) {
    const last = this.links.length - 1;
    const here = this.#focusedIndex();
    const targets = { ArrowDown: Math.min(here + 1, last), ArrowUp: Math.max(here - 1, 0), Home: 0, End: last };
    if (!(event.key in targets) || last < 0) return;
    event.preventDefault();
    this.focus(targets[event.key]);
  }

  #focusedIndex() {
    const root = /** @type {ShadowRoot} */ (this.element.getRootNode());
    return this.links.indexOf(/** @type {HTMLElement} */ (root.activeElement));
  }

  #make(key) {
    const { href } = this.#items.get(key);
    const onclick = (/** @type {MouseEvent} */ event) => this.onChoose(event, this.#items.get(key));
    const row = href
      ? h("a", { class: "row", href, onclick, onauxclick: onclick })
      : h("button", { class: "row", type: "button", "aria-expanded": "false", onclick });
    return h("li", {}, row);
  }
}

/** A row is a link or a button, so an item whose address changes gets a new row. @param {Item} item */
function keyOf(item) {
  return `${item.ref} ${item.href}`;
}

/**
 * Does nothing if the item has not changed, so that a screen reader's position survives.
 * @param {any} row @param {Item} item @param {string} language
 */
function fill(row, item, language) {
  const shown = JSON.stringify(item);
  if (row.shown === shown) return;
  row.shown = shown;
  row.dataset.ref = item.ref;
  row.dataset.unread = String(!item.read);
  // <bdi>: these words are in the page's language; the direction of the title is decided by its own text alone.
  const state = item.read ? null : h("bdi", { class: "sr" }, `${gettext("Unread")}: `);
  const word = levelWord(item.level);
  const level = word ? h("bdi", { class: "level", "data-level": item.level }, word) : null;
  row.replaceChildren(
    h("span", { class: "dot", "aria-hidden": "true" }),
    glyph(item),
    h("span", { class: "text" },
      h("span", { class: "title", dir: "auto" }, state, level, level && " ", h("span", { lang: item.lang || null }, item.title)),
      item.body ? h("span", { class: "body", dir: "auto", lang: item.lang || null }, item.body) : null),
    item.created_at ? timeElement(item.created_at, language, WEEK) : "");
}
