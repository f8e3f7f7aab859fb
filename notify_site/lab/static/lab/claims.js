/** @import {Config, Station} from "./station.js" */
import { POLLING } from "./claims-polling.js";
import { STREAMS } from "./claims-streams.js";
import { Facts } from "./facts.js";
import { gettext } from "./words.js";

/**
 * What a claim is held against: null while nothing is measured, else whether it holds, and the figures that say so.
 * @typedef {[boolean, string]|null} Finding
 *
 * `hint` says what to do to find out.
 * @typedef {{test: (facts: Facts) => Finding, hint: string}} Test
 */

/** By the keys of notify_site/lab/transports.py. @type {Record<string, Test>} */
const TESTS = { ...POLLING, ...STREAMS };

const VERDICTS = { open: gettext("not yet measured"), holds: gettext("confirmed"), fails: gettext("refuted") };

/** The claims on the page, each with its verdict. */
export class Claims {
  /** @param {Station[]} stations @param {Config} config */
  constructor(stations, config) {
    this.facts = new Facts(stations, config);
    this.items = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-claim]")]);
  }

  render() {
    this.facts.look();
    for (const item of this.items) this.#judge(item, TESTS[item.dataset.claim ?? ""]);
  }

  /** @param {HTMLElement} item @param {Test} test */
  #judge(item, { test, hint }) {
    const finding = test(this.facts);
    const verdict = finding === null ? "open" : finding[0] ? "holds" : "fails";
    write(item, "evidence", finding?.[1] ?? hint);
    if (item.dataset.verdict === verdict) return;
    item.dataset.verdict = verdict;
    write(item, "verdict", VERDICTS[verdict]);
  }
}

/** @param {HTMLElement} item */
function write(item, field, text) {
  const node = item.querySelector(`[data-field="${field}"]`);
  if (node && node.textContent !== text) node.textContent = text;
}
