/**
 * What a page says to screen readers: one sentence for each change, whichever script makes it. All of them, the bell, the banners
 * and the inbox page, share these two live regions, so that no two speak of the same thing.
 */
import { h } from "./dom.js";

const KEY = Symbol.for("reddot.voice"); // of the document: bundles may have copies of this module
const GAP = "\u00a0"; // makes a sentence that is said again another one

const styles = ":host { position: fixed; inset-block-start: 0; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }";

class Voice {
  #host = document.createElement("div");
  #regions = { polite: h("p", { role: "status", "aria-live": "polite", "aria-atomic": "true" }), urgent: h("p", { role: "alert" }) };
  /** @type {{polite: string[], urgent: string[]}} */ #next = { polite: [], urgent: [] };

  constructor() {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    const root = this.#host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(this.#regions.polite, this.#regions.urgent);
    this.#host.dataset.reddotVoice = "";
  }

  /** A screen reader tells changes of what is there: call it before there is something to say. */
  connect() {
    if (!this.#host.isConnected) document.body?.append(this.#host);
  }

  /** @param {string} text @param {"polite"|"urgent"} how what is urgent interrupts */
  say(text, how) {
    this.connect();
    if (!this.#next[how].length) queueMicrotask(() => this.#speak(how));
    this.#next[how].push(text);
  }

  /** @param {"polite"|"urgent"} how */
  #speak(how) {
    const text = this.#next[how].splice(0).join(" ");
    const region = this.#regions[how];
    region.textContent = region.textContent === text ? text + GAP : text;
  }

  /** It shall not be found any more. */
  clear() {
    for (const region of Object.values(this.#regions)) region.textContent = "";
  }
}

/** @returns {Voice} */
function voice() {
  return (/** @type {any} */ (document)[KEY] ??= new Voice());
}

/** Make ready to speak. */
export function prepareVoice() {
  voice().connect();
}

/** When the user is not busy. @param {string} text a sentence */
export function say(text) {
  voice().say(text, "polite");
}

/** At once. @param {string} text a sentence */
export function sayUrgently(text) {
  voice().say(text, "urgent");
}

/** What was said last, of a user who has left, is not found any more. */
export function hush() {
  voice().clear();
}
