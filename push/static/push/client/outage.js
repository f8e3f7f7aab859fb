/**
 * Whether what a page shows may be out of date, for a person to read. The states of a connection (client.js) change more often:
 * most reconnections take less than a second, and nobody need hear of them.
 * @import {Outage as Kind, State} from "./types.js"
 */
import { after } from "../../inbox/shared/timing.js";

const GRACE = 2; // seconds without a connection before it is said; with what a slow machine adds, less than three

/** @typedef {{after: typeof after, hasNetwork: () => boolean}} World  the clock, and what the browser says of the network */

/** @type {World} */
const REAL = { after, hasNetwork: () => navigator.onLine !== false };

/**
 * `kind` is "" while the connection is live, and for the first seconds without one; then "offline" if the browser has no network,
 * else "unreachable". Every tab finds out for itself, whichever of them holds the connection.
 */
export class Outage {
  /** @type {Kind} */ kind = "";
  /** @type {State} */ #state = "connecting";
  /** The wait for the end of the grace. @type {AbortController|null} */ #grace = null;

  /** @param {() => void} changed @param {World} [world] */
  constructor(changed, world = REAL) {
    this.changed = changed;
    this.world = world;
  }

  /** Watch the network. @param {AbortSignal} signal ends it */
  watch(signal) {
    for (const event of ["online", "offline"]) addEventListener(event, () => this.#look(), { signal });
    signal.addEventListener("abort", () => this.#rest(), { once: true });
  }

  /** @param {State} state of the connection */
  onState(state) {
    this.#state = state;
    this.#look();
  }

  /** A page that has been left knows nothing; it has a new grace when it returns. */
  leave() {
    this.#state = "connecting";
    this.#rest();
    this.#become("");
  }

  /** Nobody is connected who has signed out. */
  get #isFine() {
    return this.#state === "signed-out" || (this.#state === "live" && this.world.hasNetwork());
  }

  #look() {
    if (this.#isFine) {
      this.#rest();
      return this.#become("");
    }
    if (this.kind) return this.#say();
    if (this.#grace) return;
    this.#grace = new AbortController();
    this.world.after(GRACE, this.#grace.signal, () => this.#say());
  }

  #say() {
    this.#become(this.world.hasNetwork() ? "unreachable" : "offline");
  }

  #rest() {
    this.#grace?.abort();
    this.#grace = null;
  }

  /** @param {Kind} kind */
  #become(kind) {
    if (kind === this.kind) return;
    this.kind = kind;
    this.changed();
  }
}
