/* The bar above the list: how many rows are selected, and what can be done to them. `inbox/page/bar.py` has the same acts. */

import { h, setText } from "../shared/dom.js";
import { gettext, interpolate, ngettext } from "../shared/i18n.js";
import { icon } from "../shared/icons.js";
import { grouped } from "../shared/rows/said.js";
import { inProgress } from "./bulk.js";

const ACTS = ["read", "unread", "archive", "star", "snooze", "delete"];
const OF_VIEWS = {
  archived: ["unarchive", "star", "snooze", "delete"],
  snoozed: ["wake", "archive", "star", "snooze", "delete"],
  starred: ["read", "unread", "archive", "unarchive", "unstar", "snooze", "delete"],
};

export class Bar {
  /** `handlers`: {act(name), every(on), matching(), clear()}. */
  constructor(element, handlers) {
    const one = (name) => element.querySelector(`[data-${name}]`);
    Object.assign(this, { element, every: one("every"), chosen: one("chosen"), matching: one("matching"), clear: one("clear") });
    this.acts = element.querySelector(".rd-bar-acts");
    for (const each of element.querySelectorAll("[data-unscripted]")) each.remove();
    element.dataset.ready = "";
    this.every.addEventListener("change", () => handlers.every(this.every.checked));
    this.matching.addEventListener("click", handlers.matching);
    this.clear.addEventListener("click", handlers.clear);
    this.acts.addEventListener("click", (event) => {
      const name = event.target.closest("[name=selected]")?.value;
      if (name && this.element.ariaBusy !== "true") handlers.act(name);
    });
    element.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** Whether the focus is in it. */
  get hasFocus() {
    return this.element.contains(document.activeElement);
  }

  /**
   * `order`: the refs on screen; `counted`: how many match, if more than these are to come; `isStarred`: all that is selected is;
   * `progress` as of bulk.js.
   */
  draw({ selection, order, counted, view, isStarred, progress }) {
    this.element.hidden = !order.length;
    this.element.ariaBusy = String(Boolean(progress));
    const isAll = selection.hasAll(order);
    this.every.checked = isAll;
    this.every.indeterminate = !isAll && !selection.isEmpty;
    setText(this.chosen, progress ? inProgress(progress) : inWords(selection));
    this.matching.hidden = !counted || !isAll || Boolean(selection.every) || Boolean(progress);
    if (counted) setText(this.matching, interpolate(gettext("Select all %(n)s that match"), { n: number(counted) }));
    this.#fill((OF_VIEWS[view] ?? ACTS).map((name) => (name === "star" && isStarred ? "unstar" : name)));
  }

  #fill(names) {
    const buttons = [...this.acts.querySelectorAll("[name=selected]")];
    if (buttons.map((button) => button.value).join() === names.join()) return;
    const known = new Map(buttons.map((button) => [button.value, button]));
    const at = buttons.indexOf(document.activeElement);
    const made = names.map((name) => known.get(name) ?? button(name));
    for (const old of buttons) if (!made.includes(old)) old.remove();
    this.acts.prepend(...made);
    if (at >= 0) made[Math.min(at, made.length - 1)].focus();
  }

  /* As in every toolbar, the arrows move between its controls. */
  #onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const controls = [...this.element.querySelectorAll("input, button")].filter((each) => each.checkVisibility({ visibilityProperty: true }));
    const direction = getComputedStyle(this.element).direction === "rtl" ? -step : step;
    controls.at((controls.indexOf(document.activeElement) + direction) % controls.length)?.focus();
    event.preventDefault();
  }
}

function number({ count, capped }) {
  return `${grouped(count)}${capped ? "+" : ""}`;
}

function inWords({ every, refs }) {
  if (every) return interpolate(gettext("All %(n)s that match are selected"), { n: number(every) });
  if (!refs.size) return gettext("Select all shown");
  return interpolate(ngettext("%(n)s selected", "%(n)s selected", refs.size), { n: grouped(refs.size) });
}

function button(name) {
  const text = label(name);
  const symbol = name === "unstar" ? "star" : name;
  return h("button", { class: "rd-act", type: "button", name: "selected", value: name, title: text, "aria-label": text, "aria-haspopup": name === "snooze" && "dialog" }, icon(symbol));
}

function label(name) {
  return {
    read: gettext("Mark as read"),
    unread: gettext("Mark as unread"),
    archive: gettext("Archive"),
    unarchive: gettext("Move to inbox"),
    star: gettext("Star"),
    unstar: gettext("Take off the star"),
    snooze: gettext("Snooze"),
    wake: gettext("Wake now"),
    delete: gettext("Delete"),
  }[name];
}
