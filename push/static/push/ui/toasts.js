/** @import {Item} from "../client/types.js" */
import { gettext, interpolate, ngettext } from "../i18n.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { glyph } from "./rows.js";

const STACK = 3;
const STAY = 7; // seconds; hovering or focusing it makes it stay

/** What just arrived, at the edge of the page. Not a live region: the bell's announcer speaks for it. */
export class Toasts {
  #more = 0;

  /** @param {{chosen: (event: MouseEvent, item: Item) => void, open: () => void}} bell */
  constructor(bell) {
    this.bell = bell;
    this.list = h("ul", { class: "stack" });
    this.rest = h("button", { class: "rest", type: "button", onclick: () => { this.clear(); bell.open(); } });
    this.element = h("section", { class: "toasts", popover: "manual", "aria-label": gettext("New notifications") },
      this.list, this.rest);
  }

  /** @param {Item} item @param {number} others how many more arrived with it */
  show(item, others) {
    const toast = this.#make(item);
    this.list.prepend(toast);
    this.#more += others + this.#evict();
    this.#arm(toast);
    this.#render();
  }

  clear() {
    this.list.replaceChildren();
    this.#render();
  }

  /** Beyond the stack the oldest go. @returns {number} how many went */
  #evict() {
    const old = [...this.list.children].slice(STACK);
    old.forEach((toast) => toast.remove());
    return old.length;
  }

  /** @param {HTMLElement} toast */
  #dismiss(toast) {
    toast.remove();
    this.#render();
  }

  #render() {
    const count = this.list.childElementCount;
    if (!count) this.#more = 0;
    this.rest.hidden = !this.#more;
    this.rest.textContent = interpolate(ngettext("and %(count)s more", "and %(count)s more", this.#more), { count: this.#more });
    if (this.element.isConnected) this.element.togglePopover(count > 0);
  }

  /** @param {HTMLElement} toast goes by itself, but never from under a pointer or the focus */
  #arm(toast) {
    let timer = 0;
    const hold = () => clearTimeout(timer);
    const run = () => { hold(); timer = setTimeout(() => this.#dismiss(toast), STAY * 1000); };
    for (const event of ["pointerenter", "focusin"]) toast.addEventListener(event, hold);
    for (const event of ["pointerleave", "focusout"]) toast.addEventListener(event, run);
    run();
  }

  #make(item) {
    const chosen = (/** @type {MouseEvent} */ event) => { this.bell.chosen(event, item); this.#dismiss(toast); };
    const words = [h("strong", { dir: "auto" }, item.title), item.body ? h("span", { dir: "auto" }, item.body) : null];
    const body = item.href
      ? h("a", { class: "words", href: item.href, onclick: chosen }, ...words)
      : h("button", { class: "words", type: "button", onclick: chosen }, ...words);
    const close = h("button", { class: "close", type: "button", "aria-label": gettext("Dismiss"), onclick: () => this.#dismiss(toast) }, icon("close"));
    const toast = h("li", { class: "toast", "data-ref": item.ref }, glyph(item), body, close);
    return toast;
  }
}
