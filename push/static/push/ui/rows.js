/** The panel's list of items. Where the items come from is in panel.js. @import {Item} from "../client/types.js" */
import { h, reconcile } from "../../inbox/shared/dom.js";
import { face } from "../../inbox/shared/face.js";
import { gettext } from "../../inbox/shared/i18n.js";
import { typeIcon } from "../../inbox/shared/icons.js";
import { buttonLinks, levelWord } from "../../inbox/shared/item.js";
import { timeElement } from "../../inbox/shared/times.js";

/** Who did it, with the type's icon; without a face, the icon in a circle, coloured by level. @param {Item} item */
export function glyph(item) {
  const icon = typeIcon(item.type);
  if (!item.actor) return h("span", { class: "glyph", "data-level": item.level }, icon);
  return h("span", { class: "glyph", "data-level": item.level }, face(item.actor, 34), h("span", { class: "kind" }, icon));
}

/** Keys of the headings; no ref has a space at its beginning. */
const [IMPORTANT, OTHERS] = [" important", " others"];

/** Rows that stay when the list changes are kept, so focus and scroll position survive. */
export class Rows {
  element = h("ul", { class: "rows" });
  /** @type {Map<string, Element>} */ #known = new Map();
  /** @type {Map<string, Item>} */ #items = new Map();

  /** @param {string} language @param {(event: MouseEvent, item: Item, button?: number) => void} onChoose */
  constructor(language, onChoose) {
    this.language = language;
    this.onChoose = onChoose;
  }

  /** The first `important` of them have a heading of their own. @param {Item[]} items @param {number} [important] */
  show(items, important = 0) {
    const focused = this.#focusedIndex();
    const focusedRow = this.links[focused];
    this.#items = new Map(items.map((item) => [keyOf(item), item]));
    reconcile(this.element, this.#known, withHeadings([...this.#items.keys()], important), (key) => this.#make(key));
    for (const [key, item] of this.#items) {
      fill(this.#known.get(key).firstElementChild, item, this.language);
      this.#fillButtons(this.#known.get(key), key);
    }
    if (focused < 0 || this.#focusedIndex() >= 0) return;
    if (focusedRow.isConnected) focusedRow.focus(); // it was moved
    else this.focus(Math.min(focused, items.length - 1));
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

  /** Below the row, because a link can't be in a link. @param {any} element @param {string} key */
  #fillButtons(element, key) {
    const item = this.#items.get(key);
    const shown = JSON.stringify([item.buttons, item.pressed]);
    if (element.shownButtons === shown) return;
    element.shownButtons = shown;
    const root = /** @type {ShadowRoot} */ (this.element.getRootNode());
    const focused = element.querySelector(".buttons")?.contains(root.activeElement) && root.activeElement.dataset.button;
    const onclick = (/** @type {MouseEvent} */ event) =>
      this.onChoose(event, this.#items.get(key), Number(/** @type {HTMLElement} */ (event.currentTarget).dataset.button));
    element.querySelector(".buttons")?.remove();
    const links = buttonLinks(item, { class: "button", onclick, onauxclick: onclick });
    if (links.length) element.append(h("p", { class: "buttons", dir: "auto" }, ...links));
    if (focused) element.querySelector(`[data-button="${focused}"]`)?.focus();
  }

  #make(key) {
    if (key === IMPORTANT) return heading(gettext("Important"));
    if (key === OTHERS) return heading(gettext("Others"));
    const { href } = this.#items.get(key);
    const onclick = (/** @type {MouseEvent} */ event) => this.onChoose(event, this.#items.get(key));
    const row = href
      ? h("a", { class: "row", href, onclick, onauxclick: onclick })
      : h("button", { class: "row", type: "button", "aria-expanded": "false", onclick });
    return h("li", {}, row);
  }
}

/** @param {string[]} keys @param {number} important */
function withHeadings(keys, important) {
  if (!important) return keys;
  const others = keys.slice(important);
  return [IMPORTANT, ...keys.slice(0, important), ...(others.length ? [OTHERS, ...others] : [])];
}

/** @param {string} text */
function heading(text) {
  return h("li", { class: "part" }, h("h3", {}, text));
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
    item.created_at ? timeElement(item.created_at, language) : "");
}
