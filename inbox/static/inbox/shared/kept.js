/**
 * What the user has done and could not be written: kept to be tried again, until it is written, another act takes its place, the
 * user lets it go, or the page is left. What is shown of it is in kept-notice.js.
 */
import { gettext, interpolate } from "./i18n.js";
import { after } from "./timing.js";

const SLOW = 2.5; // seconds without an answer until that is said: within three, on a slow machine, too

/**
 * @typedef {object} Act
 * @property {string} key       of what it decides: a later act with this key takes its place
 * @property {string} undone    what did not happen: “Tea” was not archived
 * @property {string} said      what happened, if it is written after all: Archived.
 * @property {boolean} [marks]  it only marks; so it is tried again without being asked for
 * @property {string} ref       of an item that comes back, or ""
 * @property {() => Promise<any>} send  the request, each time with the same token, so that it happens once
 * @property {(run: () => Promise<any>) => Promise<any>} [inTurn]  runs it after the earlier writes of the same item
 *
 * @typedef {{act: Act, text: string, isWaiting: boolean}} Entry  isWaiting: for an answer
 */

export class Kept {
  /** By their keys, the oldest first. @type {Map<string, Entry>} */ #entries = new Map();
  /** By its key, the act that came last, which decides. @type {Map<string, Act>} */ #newest = new Map();
  #isTrying = false;

  /** @param {(text: string) => void} changed with what has just failed, or "" @param {typeof after} [clock] */
  constructor(changed, clock = after) {
    this.changed = changed;
    this.clock = clock;
  }

  /** @returns {Entry[]} */
  get entries() {
    return [...this.#entries.values()];
  }

  /** Whether there is one that waits for the user, and not for an answer. */
  get canTry() {
    return !this.#isTrying && this.entries.some(({ isWaiting }) => !isWaiting);
  }

  /** Write it. Throws what the request has thrown; then it is kept, if it may work later. @param {Act} act */
  async write(act) {
    if (this.#entries.get(act.key)?.act !== act) this.#drop(act.key);
    this.#newest.set(act.key, act);
    const slow = new AbortController();
    this.clock(SLOW, slow.signal, () => this.#keep(act, gettext("no answer yet"), true));
    try {
      const send = () => act.send().catch((error) => this.#sendAgain(act, error));
      const answer = await (act.inTurn ? act.inTurn(send) : send());
      this.#dropIf(act);
      return answer;
    } catch (error) {
      if (mayWorkLater(error)) this.#keep(act, reason(error), false, error.status ? error.message : "");
      else this.#dropIf(act);
      throw error;
    } finally {
      slow.abort();
      if (this.#isNewest(act) && !this.#entries.has(act.key)) this.#newest.delete(act.key);
    }
  }

  /**
   * Try again, in the order in which they were done, until the server can't be reached once more.
   * @param {boolean} all false: only those that mark
   * @returns {Promise<{written: {act: Act, answer: any}[], refused: {act: Act, error: any}[]}>}
   */
  async tryAgain(all) {
    const [written, refused] = [[], []];
    if (this.#isTrying) return { written, refused };
    this.#isTrying = true;
    this.changed("");
    try {
      for (const { act, isWaiting } of this.entries) {
        if (isWaiting || !(all || act.marks) || this.#entries.get(act.key)?.act !== act) continue;
        const error = await this.write(act).then((answer) => void written.push({ act, answer }), (failure) => failure);
        if (error && !("status" in error)) throw error;
        if (error && !mayWorkLater(error)) refused.push({ act, error });
        if (error?.status === 0) break;
      }
    } finally {
      this.#isTrying = false;
      this.changed("");
    }
    return { written, refused };
  }

  /** What waits for an answer stays: it may be written yet. */
  letGo() {
    for (const [key, { isWaiting }] of this.#entries) if (!isWaiting) this.#entries.delete(key);
    this.changed("");
  }

  /** The user has undone it before it was written. @param {Act} act */
  forget(act) {
    if (this.#isNewest(act)) this.#newest.delete(act.key);
    this.#dropIf(act);
  }

  /** For another user, or nobody: what is still on its way is not kept either. */
  clear() {
    this.#entries.clear();
    this.#newest.clear();
    this.changed("");
  }

  /** Perhaps only the answer was lost, and the server is there: then the second one tells what has happened. @param {Act} act @param {any} error */
  #sendAgain(act, error) {
    const isLost = error.status === 0 && navigator.onLine !== false && this.#isNewest(act) && !this.#entries.get(act.key)?.isWaiting;
    if (!isLost) throw error;
    return act.send();
  }

  /** @param {Act} act @param {string} why @param {boolean} isWaiting @param {string} [message] of the server, a sentence */
  #keep(act, why, isWaiting, message = "") {
    if (!this.#isNewest(act)) return;
    const text = message ? `${act.undone}. ${message}` : interpolate(gettext("%(what)s: %(why)s."), { what: act.undone, why });
    const isNews = this.#entries.get(act.key)?.text !== text;
    this.#entries.set(act.key, { act, text, isWaiting });
    this.changed(isNews || !isWaiting ? text : "");
  }

  /** @param {Act} act */
  #isNewest(act) {
    return this.#newest.get(act.key) === act;
  }

  #dropIf(act) {
    if (this.#entries.get(act.key)?.act === act) this.#drop(act.key);
  }

  #drop(key) {
    if (this.#entries.delete(key)) this.changed("");
  }
}

/** Whether the same request may be answered otherwise another time. @param {any} error */
export function mayWorkLater({ status }) {
  return status !== undefined && (status === 0 || status === 401 || status === 408 || status === 429 || status >= 500);
}

/** @param {any} error */
function reason({ status }) {
  if (status) return "";
  return navigator.onLine === false ? gettext("you are offline") : gettext("no connection");
}
