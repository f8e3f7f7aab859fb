/* The dialog that asks until when. Its moments are in the browser's time zone, and sent as instants. */

import { h, setText } from "../dom.js";
import { gettext } from "../i18n.js";
import { momentElement } from "../times.js";

const MORNING = 9; // o'clock
const MINUTE = 60_000; // milliseconds
const LATER = 180 * MINUTE; // and up to the next full hour
const YEARS = 5; // the API's limit

/** The moments on offer, by name; null: not today any more. @param {Date} now */
export function moments(now) {
  const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()];
  const later = fullHour(new Date(now.getTime() + LATER));
  const monday = ((8 - now.getDay()) % 7) || 7; // days until the next
  return {
    later: later.getDate() === day ? later : null,
    tomorrow: new Date(year, month, day + 1, MORNING),
    week: new Date(year, month, day + monday, MORNING),
  };
}

/* Minutes are counted, not hours of the clock: three hours are three, even if the clocks change meanwhile. */
function fullHour(date) {
  const minute = date.getTime() - (date.getTime() % MINUTE);
  return new Date(minute + ((60 - date.getMinutes()) % 60) * MINUTE);
}

export class Snooze {
  #item = null;
  #moments = {};

  /** `onChosen(item, until)`; the dialog is in the template, or made by `buildDialog`. */
  constructor(element, language, onChosen) {
    const one = (selector) => element.querySelector(selector);
    Object.assign(this, { element, language, onChosen, buttons: [...element.querySelectorAll("[data-until]")], field: one("input"), zone: one("[data-zone]") });
    for (const button of this.buttons) button.addEventListener("click", () => this.#choose(this.#moments[button.dataset.until]));
    one("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#choose(new Date(this.field.value));
    });
    one("[data-cancel]").addEventListener("click", () => element.close());
    element.addEventListener("click", (event) => event.target === element && element.close()); // beside it
  }

  open(item) {
    const now = new Date();
    this.#item = item;
    this.#moments = moments(now);
    for (const button of this.buttons) {
      const moment = this.#moments[button.dataset.until];
      button.hidden = !moment;
      if (moment) button.lastElementChild.replaceChildren(momentElement(moment, this.language));
    }
    this.field.min = local(new Date(now.getTime() + MINUTE));
    this.field.max = local(new Date(now.getFullYear() + YEARS, now.getMonth(), now.getDate() - 1));
    this.field.value = local(item.snoozed_until ? new Date(item.snoozed_until) : this.#moments.tomorrow);
    setText(this.zone, Intl.DateTimeFormat().resolvedOptions().timeZone);
    this.element.showModal();
  }

  #choose(until) {
    if (Number.isNaN(until.getTime())) return;
    this.element.close();
    this.onChosen(this.#item, until);
  }
}

/* As a field of the type "datetime-local" has it. */
function local(date) {
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The same as in the template of the inbox page. */
export function buildDialog() {
  const choice = (name, text) => h("button", { class: "rd-button", type: "button", "data-until": name }, h("span", {}, text), h("span", { "data-moment": true }));
  return h("dialog", { class: "rd-dialog", "aria-labelledby": "rd-snooze" },
    h("h2", { id: "rd-snooze" }, gettext("Snooze until")),
    choice("later", gettext("Later today")), choice("tomorrow", gettext("Tomorrow morning")), choice("week", gettext("Next week")),
    h("form", {},
      h("label", { for: "rd-snooze-at" }, gettext("Date and time")),
      h("input", { id: "rd-snooze-at", type: "datetime-local", required: true, "aria-describedby": "rd-snooze-zone" }),
      h("p", { class: "rd-hint", id: "rd-snooze-zone" }, `${gettext("Time zone of this browser:")} `, h("span", { "data-zone": true })),
      h("div", {},
        h("button", { class: "rd-button", type: "button", "data-cancel": true }, gettext("Cancel")),
        h("button", { class: "rd-button rd-primary", type: "submit" }, gettext("Snooze")))));
}
