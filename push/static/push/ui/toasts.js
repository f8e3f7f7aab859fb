/** Toasts: items that have just arrived, at the edge of the page. @import {Item} from "../client/types.js" */
import { dismissTimer, h } from "../../inbox/shared/dom.js";
import { gliding } from "../../inbox/shared/glide.js";
import { gettext, interpolate, languageOf, ngettext } from "../../inbox/shared/i18n.js";
import { icon } from "../../inbox/shared/icons.js";
import { levelWord } from "../../inbox/shared/item.js";
import { kindOf } from "../../inbox/shared/rows/row.js";
import { nameOf } from "../../inbox/shared/rows/wording.js";
import { markOf } from "../../inbox/shared/trial.js";

const STACK = 3; // toasts at once
const URGENT = 10; // of those that stay
const STAY = 7000; // milliseconds

/** Not a live region: announcer.js announces items. */
export class Toasts {
  #more = 0;

  /** @param {{onChoose: (event: MouseEvent, item: Item) => void, open: () => void}} bell */
  constructor(bell) {
    this.bell = bell;
    this.list = h("ul", { class: "stack" });
    this.rest = h("button", { class: "rest", type: "button", onclick: () => { this.clearPassing(); bell.open(); } });
    this.element = h("section", { class: "toasts", popover: "manual", "aria-label": gettext("New notifications") },
      this.list, this.rest);
  }

  /** @param {Item} item @param {number} others how many more arrived with it @returns {HTMLElement} the toast */
  show(item, others) {
    const toast = this.#make(item);
    const glide = gliding(this.list);
    this.list.prepend(toast);
    this.#more += others + this.#evict();
    if (!isUrgent(item)) dismissTimer(toast, STAY, () => this.#dismiss(toast)).start();
    this.#render();
    glide();
    return toast;
  }

  clear() {
    this.list.replaceChildren();
    this.#render();
  }

  /** Those that would have gone by themselves. */
  clearPassing() {
    for (const toast of [...this.list.children]) if (!toast.dataset.urgent) toast.remove();
    this.#more = 0;
    this.#render();
  }

  /** @param {string} ref */
  remove(ref) {
    this.list.querySelector(`[data-ref="${CSS.escape(ref)}"]`)?.remove();
    this.#render();
  }

  /**
   * Remove the oldest beyond the stack, but no urgent one of the newest: these stay until they are dismissed.
   * @returns {number} how many
   */
  #evict() {
    const urgent = [...this.list.children].filter((toast) => toast.dataset.urgent).slice(0, URGENT);
    const old = [...this.list.children].slice(STACK).filter((toast) => !urgent.includes(toast));
    old.forEach((toast) => toast.remove());
    return old.length;
  }

  /** @param {HTMLElement} toast */
  #dismiss(toast) {
    const glide = gliding(this.list);
    toast.remove();
    this.#render();
    glide();
  }

  #render() {
    const count = this.list.childElementCount;
    if (!count) this.#more = 0;
    this.rest.hidden = !this.#more;
    this.rest.textContent = interpolate(ngettext("and %(count)s more", "and %(count)s more", this.#more), { count: this.#more });
    if (this.element.isConnected) this.element.togglePopover(count > 0);
  }

  #make(item) {
    const dismiss = () => this.#dismiss(toast);
    const toast = toastOf(item, (event) => { this.bell.onChoose(event, item); dismiss(); }, dismiss);
    return toast;
  }
}

/** It stays until it is dismissed, or seen elsewhere. @param {Item} item */
function isUrgent({ level, important }) {
  return level === "critical" || Boolean(important);
}

/** @param {Item} item @param {(event: MouseEvent) => void} onChoose @param {() => void} onDismiss @returns {HTMLElement} */
export function toastOf(item, onChoose, onDismiss) {
  const lang = item.lang || null;
  const word = levelWord(item.level);
  const level = word ? h("bdi", { class: `rd-level rd-${item.level}` }, word) : null;
  const mark = markOf(item).flatMap((each) => [h("bdi", { class: "trial" }, each), " "]);
  const title = h("strong", { dir: "auto" }, ...mark, level, level && " ", h("b", { lang }, item.title));
  const texts = [title, item.body ? h("span", { dir: "auto", lang }, item.body) : null];
  const body = item.href
    ? h("a", { class: "words", href: item.href, onclick: onChoose }, ...texts)
    : h("button", { class: "words", type: "button", onclick: onChoose }, ...texts);
  const dismiss = nameOf(gettext("Dismiss"), item.title, languageOf(document.documentElement.lang));
  const close = h("button", { class: "close", type: "button", title: dismiss, "aria-label": dismiss, onclick: onDismiss }, icon("close"));
  return h("li", { class: "toast", "data-ref": item.ref, "data-level": item.level, "data-urgent": isUrgent(item) && "1" },
    h("span", { class: `rd-kind rd-${item.level}` }, ...kindOf(item.type, item.actor, "")), body, close);
}
