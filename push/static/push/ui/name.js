/** The bell's name: how many, and whether that is up to date and saved. @import {Outage} from "../client/types.js" */
import { gettext, interpolate, ngettext } from "../../inbox/shared/i18n.js";
import { outageText } from "./announcer.js";

const UNSAVED = "reddot:unsaved"; // of the document, from whatever writes: {of, count} (inbox/shared/kept-notice.js)

export class Name {
  #count = "";
  /** @type {Outage} */ #outage = "";
  /** By what writes. @type {Map<string, number>} */ #unsaved = new Map();

  /** @param {HTMLElement} host @param {HTMLElement} button */
  constructor(host, button) {
    this.host = host;
    this.button = button;
  }

  /** @param {AbortSignal} signal ends it */
  listen(signal) {
    document.addEventListener(UNSAVED, ({ detail }) => {
      this.#unsaved.set(detail.of, detail.count);
      this.#draw();
    }, { signal });
  }

  /** @param {string} count in words @param {Outage} outage */
  show(count, outage) {
    this.#count = count;
    this.#outage = outage;
    this.#draw();
  }

  #draw() {
    const n = [...this.#unsaved.values()].reduce((sum, each) => sum + each, 0);
    const unsaved = n ? interpolate(ngettext("%(n)s change not saved", "%(n)s changes not saved", n), { n }) : "";
    const troubles = [outageText(this.#outage), unsaved].filter(Boolean);
    this.host.toggleAttribute("data-trouble", troubles.length > 0);
    this.button.ariaLabel = [gettext("Notifications"), this.#count, ...troubles].filter(Boolean).join(", ");
    this.button.title = troubles.join(", ");
  }
}
