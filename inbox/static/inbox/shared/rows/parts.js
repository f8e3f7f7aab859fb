/* Short rows beside those of the list: the items of an unfolded thread, and the important ones above the list. */

import { h } from "../dom.js";
import { glided, gliding } from "../glide.js";
import { gettext } from "../i18n.js";
import { levelWord } from "../item.js";
import { timeElement } from "../times.js";
import { readPage, readParts } from "./reading.js";
import { saidAfter } from "./row.js";
import { saidBefore } from "./wording.js";

const IMPORTANT = 3; // items at most: the list below has all of them

/* The title is a link, or a button that marks as read; `item` of the element is the item (clicks.js). */
function buildPart(item, language, body = "") {
  const inner = [h("bdi", { class: "rd-hidden" }, saidBefore(item)), word(item), h("span", { lang: item.lang || null }, item.title), ...saidAfter(item, language),
    body ? h("span", { class: "rd-part-body", dir: "auto", lang: item.lang || null }, body) : null];
  const title = item.href ? h("a", { href: item.href }, ...inner) : h("button", { type: "button" }, ...inner);
  const part = h("li", { class: `rd-part ${item.read ? "" : "rd-unread"}` },
    h("span", { class: "rd-dot" }), title, item.created_at ? timeElement(item.created_at, language) : null);
  if (item.created_at) part.lastElementChild.ariaHidden = "true"; // its name says it
  part.item = item;
  return part;
}

/* With its text: the items of a thread often have the same title. */
function buildPartOfThread(item, language) {
  return buildPart(item, language, item.body);
}

function word({ level }) {
  const text = levelWord(level);
  return text ? h("bdi", { class: `rd-level rd-${level}` }, `${text} `) : null;
}

/* Put `parts` in, and the focus back to where it was. */
function replace(list, parts) {
  const at = [...list.children].findIndex((part) => part.matches(":focus-within"));
  list.replaceChildren(...parts);
  if (at >= 0) parts[Math.min(at, parts.length - 1)]?.querySelector("a, button").focus({ preventScroll: true });
}

/** The items of threads, each below its headline. */
export class Parts {
  #open = new Map(); // key of a thread → {row, list, shown: the items, next: the cursor, reading: a promise}

  /** `guard(work)`: handles what reading throws; `owns(page)`: whether a page is the user's; `filter()`: {q, type} of the list. */
  constructor(api, guard, owns, filter) {
    Object.assign(this, { api, guard, owns, filter });
  }

  /** Unfold the thread in its row, or fold it. */
  async toggle(row, { ref }) {
    const title = row.querySelector('[data-act="open"]');
    const known = this.#open.get(ref);
    known?.list.remove();
    this.#open.delete(ref);
    title.ariaExpanded = String(known?.row !== row);
    if (known?.row === row) return;
    const list = h("ul", { class: "rd-parts", role: "list" });
    row.querySelector(".rd-text").append(list);
    this.#open.set(ref, { row, list, shown: [], next: null, reading: null });
    await this.#read(ref);
  }

  /** The list was read again. */
  async refresh() {
    for (const [key, { row }] of this.#open) {
      if (row.isConnected) await this.#read(key);
      else this.#open.delete(key);
    }
  }

  /* One after the other: an answer that is late would take away what was shown since. */
  async #read(key, isOlder = false) {
    const open = this.#open.get(key);
    const before = open.reading;
    open.reading = (async () => {
      await before?.catch(() => {}); // its own caller knows
      if (this.#open.get(key) === open) await this.#readNow(key, open, isOlder ? open.next : "");
    })();
    await open.reading;
  }

  /* From the top as far as was shown, or the page after that. */
  async #readNow(key, open, before) {
    await this.guard(async () => {
      const page = await readParts(this.api, key, this.filter(), before, before ? undefined : Math.min(Math.max(open.shown.length, 20), 100));
      if (!this.owns(page)) return;
      open.shown = before ? [...open.shown, ...page.items] : page.items;
      open.next = page.next;
    });
    if (this.#open.get(key) === open) replace(open.list, [...open.shown.map((item) => buildPartOfThread(item, open.row.look.language)), ...this.#more(key, open.next)]);
  }

  #more(key, next) {
    if (next === null) return [];
    const onclick = () => this.#read(key, true);
    return [h("li", {}, h("button", { class: "rd-button", type: "button", onclick }, gettext("Load older")))];
  }
}

/** The section of important unread items. It is hidden while there are none, and beside a filter. */
export class Important {
  #wanted = false;
  #reading = false;
  #again = false; // something has changed since the request

  /** `owns(page)`: whether a page is the user's; `onGone()`: the last has gone, with the focus. @param {{language: string}} look */
  constructor(element, api, owns, look, onGone) {
    Object.assign(this, { element, api, owns, look, onGone, list: element.querySelector("ul") });
  }

  /** The items that the page came with. */
  adopt(items) {
    this.#wanted = true;
    this.#show(items);
  }

  /** `filter`: of the list; `unread`: how many unread items there are. */
  async refresh({ q, type, view, thread, before }, unread) {
    this.#wanted = !q && !type && !thread && !before && ["", "unread"].includes(view) && unread > 0;
    if (!this.#wanted) return this.#show([]);
    this.#again = true;
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#again && this.#wanted) await this.#read();
    } catch (error) {
      if (!("status" in error)) throw error; // the list says what is wrong
    } finally {
      this.#reading = false;
    }
  }

  async #read() {
    this.#again = false;
    await null; // the list is asked for first
    const page = await readPage(this.api, { important: true, unread: true }, "", IMPORTANT);
    await glided();
    const isShown = this.#wanted && this.owns(page);
    this.#show(isShown ? page.items.filter((item) => item.important && !item.read) : []);
  }

  #show(items) {
    const shown = JSON.stringify(items.map(({ version: _version, ...item }) => item));
    if (shown === this.shown) return void this.#renew(items);
    this.shown = shown;
    const hadFocus = this.list.matches(":focus-within");
    const glide = gliding(this.element);
    replace(this.list, items.map((item) => buildPart(item, this.look.language)));
    this.element.hidden = !items.length;
    glide();
    if (hadFocus && !items.length) this.onGone();
  }

  #renew(items) {
    items.forEach((item, at) => (this.list.children[at].item = item));
  }
}
