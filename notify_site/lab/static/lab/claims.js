/** The claims on the page and their verdicts. The tests are in claims-*.js. @import {Config, Station} from "./station.js" */
import { setText } from "../inbox/shared/dom.js";
import { POLLING } from "./claims-polling.js";
import { STREAMS } from "./claims-streams.js";
import { Facts } from "./facts.js";
import { gettext } from "./words.js";

/**
 * Null while nothing is measured; then whether the claim holds, and a sentence with the figures.
 * @typedef {[boolean, string]|null} Finding
 *
 * `hint` says how to measure it.
 * @typedef {{test: (facts: Facts) => Finding, hint: string}} Test
 */

/** By the keys of notify_site/lab/transports.py. @type {Record<string, Test>} */
const TESTS = { ...POLLING, ...STREAMS };

const VERDICTS = { open: gettext("not yet measured"), holds: gettext("confirmed"), fails: gettext("refuted") };

/** Tests each claim, and shows its verdict. */
export class Claims {
  /** @param {Station[]} stations @param {Config} config */
  constructor(stations, config) {
    this.facts = new Facts(stations, config);
    this.items = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-claim]")]);
  }

  render() {
    this.facts.update();
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
  if (node) setText(node, text);
}
