/* Where the reader is in the list: how many rows there are, how far down, and which has the focus. Each entry of the history keeps it, so back, forward and
 * reload lead there again, with and without the back/forward cache. */

const PAUSE = 300; // milliseconds after the last scroll: Safari allows 100 changes of the history in 30 s
const ROWS_MAX = 500; // that are read again; further down the reader goes on by themselves

export class Position {
  #timer = 0;
  #isHeld = false;

  /** `describe()`: {rows: how many there are, focus: what stops.js keeps}. */
  constructor(describe) {
    this.describe = describe;
    addEventListener("scroll", () => this.#later(), { passive: true });
    addEventListener("pagehide", () => this.save());
  }

  /** What this entry of the history has kept: {rows, top, focus}; `top` in pixels. */
  get kept() {
    const { rows, top, focus = null } = history.state ?? {};
    return { focus, rows: Number.isInteger(rows) ? Math.min(rows, ROWS_MAX) : 0, top: Number.isFinite(top) ? top : 0 };
  }

  save() {
    clearTimeout(this.#timer);
    if (!this.#isHeld) history.replaceState({ ...history.state, ...this.describe(), top: scrollY }, ""); // owner.js keeps more there
  }

  /** A new entry of the history, which begins at its top. @param {string} address */
  push(address) {
    this.save();
    history.pushState({ ...history.state, rows: 0, top: 0, focus: null }, "", address);
  }

  /** The list of another entry is about to be read: what the entry has kept stays until then. */
  hold() {
    clearTimeout(this.#timer);
    this.#isHeld = true;
  }

  /** The rows are there, or can't be read. @param {boolean} isThere */
  release(isThere) {
    if (isThere) scrollTo({ top: this.kept.top, behavior: "instant" });
    this.#isHeld = false;
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), PAUSE);
  }
}
