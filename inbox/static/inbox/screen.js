/* What surrounds the list: skeleton, empty state, banner, pill, buttons. When they show is decided in inbox.js. */

import { emptyOf } from "./empty.js";
import { address } from "./filters.js";
import { isPlainClick } from "./shared/dom.js";
import { gettext, interpolate, ngettext } from "./shared/i18n.js";

const SKELETON_DELAY = 200; // milliseconds: a fast answer shows no skeleton

export class Screen {
  #waiting = 0;
  #loading = true;

  /** `handlers` of clicks: {retry, more, pill, readAll}. */
  constructor(root, handlers) {
    const one = (name) => root.querySelector(`[data-${name}]`);
    for (const name of ["list", "skeleton", "empty", "lead", "banner", "pill", "keys"]) this[name] = one(name);
    Object.assign(this, { moreButton: one("more"), readAll: one("read-all") });
    this.banner.querySelector("button").addEventListener("click", handlers.retry);
    this.pill.addEventListener("click", handlers.pill);
    this.moreButton.addEventListener("click", (event) => {
      if (!isPlainClick(event)) return;
      event.preventDefault();
      if (this.moreButton.ariaDisabled !== "true") handlers.more();
    });
    this.readAll.addEventListener("click", () => this.readAll.ariaDisabled !== "true" && handlers.readAll());
  }

  /** The list is being read. An old list stays, dimmed, until the new one is there. */
  loading(hasOld) {
    this.#loading = true;
    this.list.ariaBusy = "true";
    clearTimeout(this.#waiting);
    if (!hasOld) this.#waiting = setTimeout(() => (this.skeleton.hidden = false), SKELETON_DELAY);
  }

  loaded() {
    this.#loading = false;
    clearTimeout(this.#waiting);
    this.skeleton.hidden = true;
    this.list.ariaBusy = "false";
  }

  busy(more) {
    this.moreButton.ariaDisabled = String(more);
  }

  offline(text) {
    this.banner.querySelector("span").textContent = text;
    this.banner.hidden = false;
  }

  online() {
    if (this.banner.contains(document.activeElement)) this.list.focus();
    this.banner.hidden = true;
  }

  /** `n` new items wait behind the pill. */
  held(n) {
    this.pill.hidden = !n;
    this.pill.textContent = n ? interpolate(ngettext("%(n)s new", "%(n)s new", n), { n }) : "";
  }

  /** Whether new rows at the top would move what the user is reading, pointing at, or has focused. */
  inUse(list) {
    const topVisible = list.element.getBoundingClientRect().top >= 0;
    return list.items.length > 0 && (!topVisible || Boolean(list.current) || list.element.matches(":hover"));
  }

  /** `unread`: the count of the type shown; `label`: that type's; `stopped`: only the banner and the list are shown. */
  draw({ empty, more, unread, filter, label, stopped }) {
    this.moreButton.hidden = !more || empty;
    this.readAll.disabled = false; // a button that is disabled loses the focus
    this.readAll.ariaDisabled = String(!unread || Boolean(filter.archived || filter.starred || filter.snoozed) || stopped);
    this.keys.hidden = empty;
    this.empty.hidden = !empty || more || stopped || this.#loading;
    if (!this.empty.hidden) this.#explain(filter, label);
  }

  /** What a change of filter has found, in a sentence. @param {number} n rows */
  found(n) {
    if (!this.empty.hidden) return this.empty.querySelector("h2").textContent;
    return interpolate(ngettext("%(n)s is shown.", "%(n)s are shown.", n), { n });
  }

  /* Why it is empty. While the server is away, nobody knows. */
  #explain(filter, label) {
    const away = { title: gettext("The inbox can’t be shown right now"), text: gettext("It will be here as soon as the server is back."), link: "", to: {} };
    const { title, text, link, to } = this.banner.hidden ? emptyOf(filter, label) : away;
    const [heading, line] = ["h2", "p"].map((tag) => this.empty.querySelector(tag) ?? document.createElement(tag));
    heading.textContent = title;
    line.textContent = text;
    this.lead.textContent = link;
    this.lead.hidden = !link;
    this.lead.href = address({ ...filter, ...to });
    this.lead.before(heading, line);
  }
}
