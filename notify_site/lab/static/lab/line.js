/**
 * Keeps the connection of one transport open, with retries. It never falls back to another transport, as the bell does.
 * @import {Connection, Reason, Observer, Snapshot, TraceEvent} from "../push/client/types.js"
 */
import { after, backoff, between } from "../inbox/shared/timing.js";

/**
 * connecting, live, waiting (for a retry), offline (by the button), asleep (a hidden tab), signed-out, unavailable (no such
 * transport here)
 * @typedef {"connecting"|"live"|"waiting"|"offline"|"asleep"|"signed-out"|"unavailable"} LineState
 *
 * @typedef {object} Events
 * @property {(snapshot: Snapshot) => void} snapshot
 * @property {(event: TraceEvent) => void} trace
 * @property {() => void} opening   before an attempt to connect
 * @property {(again: boolean) => void} live  at the first snapshot; again: after a lost connection
 * @property {() => void} state
 */

const RECONNECT_SPREAD = 2; // seconds over which the clients of a restarted server reconnect

/** A connection, and its successors. */
export class Line {
  /** @type {LineState} */ state = "asleep";
  /** @type {Connection|null} */ #connection = null;
  #timer = new AbortController();
  #attempt = 0;
  #failures = 0;
  #lost = false;

  /** @param {(observer: Observer) => Connection} open @param {Events} events */
  constructor(open, events) {
    this.open = open;
    this.events = events;
  }

  connect() {
    this.#disconnect();
    const attempt = ++this.#attempt;
    const ifCurrent = (call) => (...args) => attempt === this.#attempt && call(...args);
    this.#become("connecting");
    this.events.opening();
    try {
      this.#connection = this.open({
        snapshot: ifCurrent((snapshot) => this.#onSnapshot(snapshot)),
        closed: ifCurrent((reason, seconds = 0) => this.#onClosed(reason, seconds)),
        trace: (event) => this.events.trace(event),
      });
    } catch { // no such API in this browser
      this.#become("unavailable");
    }
  }

  /** Close the connection without a retry. @param {LineState} state why */
  end(state) {
    this.#lost ||= state === "offline" && this.state === "live";
    this.#disconnect();
    this.#become(state);
  }

  #disconnect() {
    this.#connection?.close();
    this.#connection = null;
    this.#attempt += 1;
    this.#timer.abort();
    this.#timer = new AbortController();
  }

  #onSnapshot(snapshot) {
    if (this.state !== "live") this.#onLive();
    this.events.snapshot(snapshot);
  }

  #onLive() {
    this.#failures = 0;
    this.events.live(this.#lost);
    this.#lost = false;
    this.#become("live");
  }

  /** @param {Reason} reason @param {number} seconds that the server asked to wait */
  #onClosed(reason, seconds) {
    const lost = this.state === "live";
    this.#lost ||= lost;
    this.#connection = null; // it is closed already
    this.#disconnect();
    // A connection that was open may have been opened with an old cookie: retry with the one that the browser has now.
    if (reason === "signed-out" && !lost) return this.#become("signed-out");
    this.#failures += lost ? 0 : 1;
    const wait = lost ? between(0, RECONNECT_SPREAD) : backoff(this.#failures);
    this.#become("waiting");
    after(Math.max(seconds, wait), this.#timer.signal, () => this.connect());
  }

  /** @param {LineState} state */
  #become(state) {
    this.state = state;
    this.events.state();
  }
}
