/** A stack of banners: two are seen, the others behind "N more". @import {Item} from "../client/types.js" */
import { h, reconcile, setText } from "../../inbox/shared/dom.js";
import { gettext, interpolate, ngettext } from "../../inbox/shared/i18n.js";
import { fillNotice, finishNotice, noticeOf } from "./notice.js";

const SEEN = 2; // banners

export class Stack {
  /** @type {Map<string, HTMLElement>} */ #notices = new Map(); // by ref
  #calm = new AbortController();
  /** @type {Map<string, Element>[]} */ #known = [new Map(), new Map()]; // of each list

  /** @param {string} language @param {HTMLElement|null} rendered by the server */
  constructor(language, rendered = null) {
    this.language = language;
    this.element = rendered ?? build();
    this.lists = [...this.element.querySelectorAll(":scope > ul, :scope > details > ul")];
    this.more = this.element.querySelector("details");
    for (const notice of /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("li.rd-notice"))) this.#adopt(notice);
  }

  /** The refs of all banners here. */
  get refs() {
    return [...this.#notices.keys()];
  }

  /** @param {string} ref */
  find(ref) {
    return this.#notices.get(ref);
  }

  /**
   * @param {Item[]} items the most urgent first
   * @param {boolean} atOnce false: what is missing disappears, but leaves its place until the user has done something
   */
  show(items, atOnce) {
    const refs = new Set(items.map(({ ref }) => ref));
    for (const item of items) this.#notice(item);
    for (const [ref, notice] of this.#notices) {
      notice.inert = !refs.has(ref);
      notice.classList.toggle("rd-notice-gone", notice.inert);
    }
    this.#calm.abort();
    if (atOnce || this.refs.every((ref) => refs.has(ref))) return this.#arrange([...refs]);
    this.#calm = new AbortController();
    whenCalm(this.#calm, () => this.#arrange([...refs]));
  }

  /** @param {string[]} refs */
  #arrange(refs) {
    [refs.slice(0, SEEN), refs.slice(SEEN)].forEach((some, at) => (
      reconcile(this.lists[at], this.#known[at], some, (ref) => this.#notices.get(ref))));
    for (const ref of this.refs) if (!refs.includes(ref)) this.#notices.delete(ref);
    const count = Math.max(0, refs.length - SEEN);
    this.more.hidden = !count;
    this.element.hidden = !refs.length;
    const format = ngettext("%(count)s more announcement", "%(count)s more announcements", count);
    setText(this.more.querySelector("summary"), interpolate(format, { count }));
  }

  /** @param {Item} item */
  #notice(item) {
    const notice = this.#notices.get(item.ref);
    if (notice) fillNotice(notice, item, this.language);
    else this.#notices.set(item.ref, noticeOf(item, this.language));
  }

  /** @param {HTMLElement} notice */
  #adopt(notice) {
    const at = this.lists.indexOf(/** @type {HTMLUListElement} */ (notice.parentElement));
    this.#notices.set(notice.dataset.ref, notice);
    this.#known[at].set(notice.dataset.ref, notice);
    finishNotice(notice, this.language);
  }

  /** These items are what the server has rendered: they are not made again. @param {Item[]} items */
  claim(items) {
    for (const item of items) {
      const notice = /** @type {any} */ (this.#notices.get(item.ref));
      if (notice) notice.shown = JSON.stringify(item);
    }
  }
}

/** Call once when moving the page disturbs nobody: after a click or key, while it scrolls, or when it is hidden. */
function whenCalm(lifetime, call) {
  const done = () => { lifetime.abort(); call(); };
  for (const type of ["click", "keyup", "scroll"]) addEventListener(type, done, { signal: lifetime.signal, passive: true });
  document.addEventListener("visibilitychange", done, { signal: lifetime.signal });
}

function build() {
  return h("section", { class: "rd-notices rd-notices-above", "aria-label": gettext("New announcements"), hidden: true },
    h("ul", { role: "list" }),
    h("details", { class: "rd-notices-more", hidden: true }, h("summary", {}), h("ul", { role: "list" })));
}
