/* Loads the script of the inbox page (inbox.js) after what is more urgent, the number on the bell. The rows are there by then.
 * What the user does meanwhile, the script does when it has come; if it can't be loaded, or not soon, links and forms do it. */

import { isPlainClick } from "./shared/dom.js";

const LATEST = 1000; // milliseconds: a bell may have no connection
const PATIENCE = 5000; // milliseconds that an act waits for the script: a network may neither bring it nor fail
const CLICKED = "a, button, label, input[type=checkbox]";

/** Clicks, and keys that may be shortcuts, in the order in which they came. */
class Held {
  #acts = [];
  #timer = 0;
  #end = new AbortController();

  /** `onSign()`: the user has done something, or is about to. */
  constructor(root, onSign) {
    Object.assign(this, { root, onSign });
    const options = { capture: true, signal: this.#end.signal };
    for (const sign of ["pointerover", "focusin"]) root.addEventListener(sign, onSign, options);
    root.addEventListener("click", (event) => this.#hold(event, clickOf(event)), options);
    document.addEventListener("keydown", (event) => this.#hold(event, this.#keyOf(event)), options);
    // One press of Enter is one click, however long it is held down.
    root.addEventListener("keydown", (event) => event.repeat && event.key === "Enter" && event.preventDefault(), options);
  }

  /** From here on nothing is held, and what was is done. */
  release() {
    this.#end.abort();
    clearTimeout(this.#timer);
    for (const act of this.#acts.splice(0)) act();
  }

  #hold(event, act) {
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.#acts.push(act);
    this.#timer ||= setTimeout(() => this.release(), PATIENCE);
    this.onSign();
  }

  /* A key without a modifier that types nothing: pressed again where the focus is then. */
  #keyOf(event) {
    const { key, code, repeat, target } = event;
    const isHere = target === document.body || this.root.contains(target);
    if (!isHere || !isPlainClick(event) || event.isComposing || key === " " || key.length > 1) return null;
    if (target.closest("input:not([type=checkbox]), select, textarea")) return null;
    return () => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, code, repeat, bubbles: true, cancelable: true }));
  }
}

/* What a plain click on a control does; others the browser knows best. */
function clickOf(event) {
  const control = isPlainClick(event) && event.target.closest(CLICKED);
  return control ? () => control.click() : null;
}

class Start {
  #newest = null; // the snapshot that a bell has told of meanwhile
  #isLoading = false;
  #end = new AbortController();

  constructor(root) {
    this.root = root;
    this.held = new Held(root, () => this.#load());
    if (!document.querySelector("notification-bell")) return void this.#load();
    const timer = setTimeout(() => this.#load(), LATEST);
    this.#end.signal.addEventListener("abort", () => clearTimeout(timer));
    document.addEventListener("reddot:change", ({ detail }) => this.#hear(detail), { signal: this.#end.signal });
  }

  /* The number is drawn in the next frame. */
  #hear(snapshot) {
    this.#newest = snapshot;
    requestAnimationFrame(() => setTimeout(() => this.#load()));
  }

  async #load() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      const [{ Inbox }] = await Promise.all([import("./inbox.js"), import("./shared/rows/rows.js")]);
      new Inbox(this.root, this.#newest);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // the network's; the page says that it does not update (data-late)
    } finally {
      this.#end.abort();
      this.held.release();
    }
  }
}

for (const root of document.querySelectorAll("[data-inbox]")) new Start(root);
