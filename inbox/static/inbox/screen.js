/* Around the list: skeleton, empty state, banner, pill, buttons. It shows what it is told and decides nothing. */

import { fill, gettext, ngettext } from "./words.js";

const SLOW = 200; // ms before a skeleton shows: a fast answer should not flash one

export class Screen {
  #waiting = 0;
  #loading = true;

  /** `calls`: {retry, more, pill, readAll}. */
  constructor(root, calls) {
    const one = (name) => root.querySelector(`[data-${name}]`);
    for (const name of ["list", "skeleton", "empty", "banner", "pill", "keys"]) this[name] = one(name);
    Object.assign(this, { moreButton: one("more"), readAll: one("read-all") });
    this.banner.querySelector("button").addEventListener("click", calls.retry);
    this.pill.addEventListener("click", calls.pill);
    this.moreButton.addEventListener("click", calls.more);
    this.readAll.addEventListener("click", calls.readAll);
  }

  /** A list is on its way; the old one stays, dimmed, until it is there. */
  loading(hasOld) {
    this.#loading = true;
    this.list.ariaBusy = "true";
    clearTimeout(this.#waiting);
    if (!hasOld) this.#waiting = setTimeout(() => (this.skeleton.hidden = false), SLOW);
  }

  loaded() {
    this.#loading = false;
    clearTimeout(this.#waiting);
    this.skeleton.hidden = true;
    this.list.ariaBusy = "false";
  }

  busy(more) {
    this.moreButton.disabled = more;
  }

  offline(text) {
    this.banner.querySelector("span").textContent = text;
    this.banner.hidden = false;
  }

  online() {
    this.banner.hidden = true;
  }

  /** `n` new items wait behind the pill. */
  held(n) {
    this.pill.hidden = !n;
    this.pill.textContent = n ? fill(ngettext("%(n)s new", "%(n)s new", n), { n }) : "";
  }

  /** Would new rows at the top move what the reader is looking at, pointing at, or standing on? */
  atWork(list) {
    const seen = list.element.getBoundingClientRect().top >= 0;
    return list.items.length > 0 && (!seen || Boolean(list.current) || list.element.matches(":hover"));
  }

  /** `unread`: of the type shown; `label`: that type's; `stopped`: the banner says all there is to say. */
  draw({ empty, more, unread, filter, label, stopped }) {
    this.moreButton.hidden = !more || empty;
    this.readAll.disabled = !unread || filter.archived || stopped;
    this.keys.hidden = empty;
    this.empty.hidden = !empty || more || stopped || this.#loading;
    if (!this.empty.hidden) this.#explain(...this.#reason(filter, label));
  }

  #explain(title, text) {
    const [heading, line] = ["h2", "p"].map((tag) => this.empty.querySelector(tag) ?? document.createElement(tag));
    heading.textContent = title;
    line.textContent = text;
    this.empty.append(heading, line);
  }

  #reason({ type, view }, label) {
    if (!this.banner.hidden) {
      return [gettext("The inbox can’t be shown right now"), gettext("It will be here as soon as the server is back.")];
    }
    const [title, text] = {
      unread: [
        gettext("You’re all caught up"),
        gettext("Nothing unread. New notifications show up here by themselves."),
      ],
      archived: [gettext("The archive is empty"), gettext("What you archive is kept here, out of the way.")],
      "": [gettext("Your inbox is empty"), gettext("Whatever concerns you shows up here by itself.")],
    }[view];
    const only = fill(gettext("Only “%(type)s” are shown."), { type: label });
    return [title, type ? only : text];
  }
}
