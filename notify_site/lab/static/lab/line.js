/** @import {Connection, Open, Options, Reason, Sink, Snapshot, TraceEvent} from "../push/client/types.js" */
import { after, backoff, between } from "../push/client/timing.js";

/**
 * connecting, live, waiting (to try again), offline (by the button), asleep (a hidden tab), signed-out,
 * unavailable (no such transport here)
 * @typedef {"connecting"|"live"|"waiting"|"offline"|"asleep"|"signed-out"|"unavailable"} LineState
 *
 * @typedef {object} Tell
 * @property {(snapshot: Snapshot) => void} snapshot
 * @property {(event: TraceEvent) => void} trace
 * @property {() => void} opening   a connection is tried
 * @property {(again: boolean) => void} live  the first snapshot of a connection; again: after one that was lost
 * @property {() => void} state
 */

const HERD = 2; // seconds over which the clients of a server that went away spread

/** One transport, kept connected: a ladder with one rung. */
export class Line {
  /** @type {LineState} */ state = "asleep";
  /** @type {Connection|null} */ #connection = null;
  #plan = new AbortController();
  #attempt = 0;
  #failures = 0;
  #lost = false;

  /** @param {(sink: Sink) => Connection} open @param {Tell} tell */
  constructor(open, tell) {
    this.open = open;
    this.tell = tell;
  }

  connect() {
    this.#drop();
    const attempt = ++this.#attempt;
    const current = (call) => (...args) => attempt === this.#attempt && call(...args);
    this.#become("connecting");
    this.tell.opening();
    try {
      this.#connection = this.open({
        snapshot: current((snapshot) => this.#onSnapshot(snapshot)),
        closed: current((reason, seconds = 0) => this.#onClosed(reason, seconds)),
        trace: (event) => this.tell.trace(event),
      });
    } catch { // no such API in this browser
      this.#become("unavailable");
    }
  }

  /** Ends it without trying again. @param {LineState} state why */
  end(state) {
    this.#lost ||= state === "offline" && this.state === "live";
    this.#drop();
    this.#become(state);
  }

  #drop() {
    this.#connection?.close();
    this.#connection = null;
    this.#attempt += 1;
    this.#plan.abort();
    this.#plan = new AbortController();
  }

  #onSnapshot(snapshot) {
    if (this.state !== "live") this.#arrive();
    this.tell.snapshot(snapshot);
  }

  #arrive() {
    this.#failures = 0;
    this.tell.live(this.#lost);
    this.#lost = false;
    this.#become("live");
  }

  /** @param {Reason} reason @param {number} seconds the server's wish */
  #onClosed(reason, seconds) {
    const lost = this.state === "live";
    this.#lost ||= lost;
    this.#connection = null; // has ended itself
    this.#drop();
    // What was open may have been opened by an old cookie: what the browser has now is asked before it is believed.
    if (reason === "signed-out" && !lost) return this.#become("signed-out");
    this.#failures += lost ? 0 : 1;
    const wait = lost ? between(0, HERD) : backoff(this.#failures);
    this.#become("waiting");
    after(Math.max(seconds, wait), this.#plan.signal, () => this.connect());
  }

  /** @param {LineState} state */
  #become(state) {
    this.state = state;
    this.tell.state();
  }
}
