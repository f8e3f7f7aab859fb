/** @import {Connection, Options, Reason, Rung, Snapshot, State} from "./types.js" */
import { poll } from "./poll.js";
import { after, backoff, between, pause } from "./timing.js";

const HERD = 3; // seconds over which the clients of a restarted server spread
const STUBBORN = 3; // times the server was not there before the next rung is tried nevertheless
const OFFLINE_AFTER = 2; // times the server was not there before we say so
const FIRST_CLIMB = 10; // seconds, doubling
const LAST_CLIMB = 300;
const ROTATION = 2; // seconds until an answer that sets a new cookie has surely arrived
const CROWDED = 60; // seconds; too many connections: sit on the rung that holds none

/** One try at one rung. */
class Attempt {
  live = false;

  /** @param {Ladder} ladder @param {number} index @param {any} hear whom to tell */
  constructor({ rungs, push, options }, index, hear) {
    this.index = index;
    try {
      this.connection = rungs[index].open(push, {
        snapshot: (snapshot) => hear.snapshot(this, snapshot),
        closed: (reason, seconds = 0) => hear.closed(this, reason, seconds),
      }, options);
    } catch { // no such API in this browser, or forbidden by policy
      this.connection = { sync() {}, close() {} };
      queueMicrotask(() => hear.closed(this, "unsupported", 0));
    }
  }
}

/**
 * Keeps the best connection that works: goes down a rung when one is blocked, comes back with back-off when the server
 * is away, and climbs again beside the connection it has, so that nothing is missed while it tries.
 */
export class Ladder {
  /** @type {State} */ state = "connecting";
  /** @type {Attempt|null} */ #current = null;
  /** @type {Attempt|null} */ #climber = null;
  #life = new AbortController(); // of timers: one plan at a time
  #failures = 0; // in a row, of rungs
  #away = 0; // in a row, of the server itself
  #climb = FIRST_CLIMB;
  /** Rungs found unsupported since the start. @type {Set<number>} */ #unfit = new Set();
  #hear = { snapshot: this.#onSnapshot.bind(this), closed: this.#onClosed.bind(this) };

  /**
   * @param {Rung[]} rungs best first @param {URL} push
   * @param {{snapshot: (snapshot: Snapshot) => void, state: () => void}} tell
   * @param {Options} [options] of every connection
   */
  constructor(rungs, push, tell, options = {}) {
    this.rungs = rungs;
    this.push = push;
    this.tell = tell;
    this.options = options;
  }

  /** The name of the rung in use, or "". */
  get transport() {
    return this.#current?.live ? this.rungs[this.#current.index].name : "";
  }

  start() {
    this.#failures = this.#away = 0;
    this.#unfit.clear();
    this.#connect(0);
  }

  stop() {
    this.#drop();
    this.#plan();
    this.state = "connecting";
  }

  /** The network, the page or the machine woke up: prove that we are current, at once. @param {boolean} moved networks */
  wake(moved) {
    if (!this.#current) return this.start();
    if (!this.#current.live) return;
    this.#current.connection.sync();
    if (moved && this.#current.index > 0) this.#climbTo(0);
  }

  /** Somebody else may be signed in by now: nothing comes through before the server has said who it is. */
  doubt() {
    const index = this.#current?.index ?? 0;
    this.#drop();
    this.#diagnose({ index, live: true }, 0, 0);
  }

  #connect(index) {
    this.#drop();
    this.#plan();
    this.#become(this.state); // offline and signed-out stay so until proved otherwise
    this.#current = new Attempt(this, index, this.#hear);
  }

  #drop() {
    for (const attempt of [this.#current, this.#climber]) attempt?.connection.close();
    this.#current = this.#climber = null;
  }

  /** Replaces whatever was planned. @returns {AbortSignal} */
  #plan() {
    this.#life.abort();
    this.#life = new AbortController();
    return this.#life.signal;
  }

  /** @param {Attempt} attempt @param {Snapshot} snapshot */
  #onSnapshot(attempt, snapshot) {
    if (!attempt.live) this.#adopt(attempt);
    this.tell.snapshot(snapshot);
  }

  #adopt(attempt) {
    attempt.live = true;
    if (attempt === this.#climber) this.#climb = FIRST_CLIMB;
    if (attempt !== this.#current) this.#current?.connection.close();
    this.#current = attempt;
    this.#climber = null;
    this.#failures = this.#away = 0;
    this.#become("live");
    const signal = this.#plan();
    if (attempt.index > 0) after(this.#climb * between(0.5, 1), signal, () => this.#climbTo(0));
  }

  /** Tries the best rung from `index` up to where we are. */
  #climbTo(index) {
    this.#climber?.connection.close();
    this.#climber = null;
    while (this.#unfit.has(index)) index += 1;
    if (index >= this.#current.index) return this.#climbLater();
    this.#climber = new Attempt(this, index, this.#hear);
  }

  /** @param {Attempt} attempt @param {Reason} reason @param {number} seconds */
  #onClosed(attempt, reason, seconds) {
    if (reason === "unsupported") this.#unfit.add(attempt.index);
    if (attempt === this.#climber) return this.#slipped(attempt, reason);
    if (attempt !== this.#current) return;
    this.#current = null;
    if (reason === "busy") return this.#makeRoom(attempt, seconds);
    if (attempt.live && reason === "lost") return this.#retry(attempt.index, between(0, HERD));
    this.#failures += 1;
    if (reason === "lost" || reason === "signed-out" || this.rungs.length === 1) this.#diagnose(attempt, seconds);
    else this.#stepDown(attempt.index, seconds);
  }

  /** A better rung is still blocked: try those between, then stay for twice as long. */
  #slipped(attempt, reason) {
    this.#climber = null;
    if (!this.#current?.live) return;
    if (reason === "busy") this.#climbLater();
    else this.#climbTo(attempt.index + 1);
  }

  #climbLater() {
    this.#climb = Math.min(LAST_CLIMB, this.#climb * 2);
    after(this.#climb * between(0.5, 1), this.#plan(), () => this.#climbTo(0));
  }

  /** Too many connections of this user: slower, on the rung that holds none. */
  #makeRoom(attempt, seconds) {
    const last = this.rungs.length - 1;
    this.#climb = Math.max(this.#climb, CROWDED);
    if (attempt.index < last) return this.#connect(last);
    this.#failures += 1;
    this.#retry(attempt.index, Math.max(seconds, CROWDED) * between(1, 2));
  }

  /**
   * Is this rung blocked, is the server away, are we signed out? A short poll tells, and brings the state if there is one. It
   * shows what the browser has now, which a connection opened earlier did not.
   * @param {{index: number, live: boolean}} attempt @param {number} seconds @param {number} [rotation] seconds, see #ask
   */
  async #diagnose({ index, live }, seconds, rotation = ROTATION) {
    const signal = this.#plan();
    if (this.state === "live") this.#become("connecting");
    const { snapshot, reason } = await this.#ask(signal, rotation);
    if (signal.aborted) return;
    if (reason === "signed-out") return this.#signOut();
    if (snapshot) this.tell.snapshot(snapshot);
    if (signal.aborted) return; // the snapshot was another user's, and we were stopped
    this.#away = reason === "lost" ? this.#away + 1 : 0;
    const stay = live || this.#away % STUBBORN !== 0;
    if (stay) this.#retry(index, Math.max(seconds, backoff(this.#failures)));
    else this.#stepDown(index, seconds);
  }

  /**
   * Before "signed out" is believed, it is asked again: a new password ends what the old one opened at once, while the answer
   * with the new cookie is still on its way.
   */
  async #ask(signal, rotation) {
    const ask = () => poll(this.push, { signal, credential: this.options.credential });
    const answer = await ask();
    if (answer.reason !== "signed-out" || !rotation) return answer;
    await pause(rotation, signal);
    return ask();
  }

  /** The next rung at once if the server is there; after the last one the first again, later. */
  #stepDown(index, seconds) {
    const next = (index + 1) % this.rungs.length;
    const wait = next > index && !this.#away ? 0 : backoff(this.#failures);
    this.#retry(next, Math.max(seconds, wait));
  }

  #retry(index, seconds) {
    const offline = this.#away >= OFFLINE_AFTER || navigator.onLine === false;
    this.#become(offline ? "offline" : "connecting");
    after(seconds, this.#plan(), () => this.#connect(index));
  }

  #signOut() {
    this.#drop();
    this.#plan();
    this.#become("signed-out");
  }

  #become(state) {
    this.state = state;
    this.tell.state();
  }
}
