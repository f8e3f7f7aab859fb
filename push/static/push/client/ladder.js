/**
 * Keeps one connection open over the best transport that works: fallback, upgrade, retry with back-off. How a transport works
 * is in transports/, which tab connects in client.js.
 * @import {Connection, Options, Reason, Snapshot, State, Transport} from "./types.js"
 */
import { repeatWithNewCookie } from "../../inbox/shared/session.js";
import { after, backoff, between } from "../../inbox/shared/timing.js";
import { poll } from "./poll.js";

const RECONNECT_SPREAD = 3; // seconds over which the clients of a restarted server reconnect
const MAX_UNREACHABLE = 3; // polls in a row without an answer before the next transport is tried nevertheless
const OFFLINE_AFTER = 2; // polls in a row without an answer before the state is "offline"
const FIRST_UPGRADE = 10; // seconds, doubling
const LAST_UPGRADE = 300;
const CROWDED = 60; // seconds between attempts while the user has too many connections

/** One attempt to connect over one transport; `live` from its first snapshot on. */
class Attempt {
  live = false;

  /** @param {Ladder} ladder @param {number} index of the transport @param {any} handlers */
  constructor({ transports, push, options }, index, handlers) {
    this.index = index;
    try {
      this.connection = transports[index].open(push, {
        snapshot: (snapshot) => handlers.snapshot(this, snapshot),
        closed: (reason, seconds = 0) => handlers.closed(this, reason, seconds),
      }, options);
    } catch { // no such API in this browser, or forbidden by policy
      this.connection = { sync() {}, close() {} };
      queueMicrotask(() => handlers.closed(this, "unsupported", 0));
    }
  }
}

/**
 * Falls back to the next transport where one is blocked, and retries where the server is unreachable. From a fallback it
 * upgrades: it tries better transports beside the connection it has, so that no snapshot is missed meanwhile.
 */
export class Ladder {
  /** @type {State} */ state = "connecting";
  /** @type {Attempt|null} */ #current = null;
  /** @type {Attempt|null} */ #upgrade = null;
  #timer = new AbortController(); // of the one planned step
  #failures = 0; // attempts in a row that failed
  #unreachable = 0; // polls in a row without an answer
  #upgradeDelay = FIRST_UPGRADE;
  /** Indexes of transports that closed as "unsupported" since the start. @type {Set<number>} */ #unsupported = new Set();
  #handlers = { snapshot: this.#onSnapshot.bind(this), closed: this.#onClosed.bind(this) };

  /**
   * @param {Transport[]} transports best first @param {URL} push
   * @param {{snapshot: (snapshot: Snapshot) => void, state: () => void}} events
   * @param {Options} [options] of every connection
   */
  constructor(transports, push, events, options = {}) {
    this.transports = transports;
    this.push = push;
    this.events = events;
    this.options = options;
  }

  /** The name of the transport in use, or "". */
  get transport() {
    return this.#current?.live ? this.transports[this.#current.index].name : "";
  }

  start() {
    this.#failures = this.#unreachable = 0;
    this.#unsupported.clear();
    this.#connect(0);
  }

  stop() {
    this.#disconnect();
    this.#restartTimer();
    this.state = "connecting";
  }

  /** Check the connection now. @param {boolean} moved to another network, where better transports may work */
  wake(moved) {
    if (!this.#current) return this.start();
    if (!this.#current.live) return;
    if (navigator.onLine === false) this.#become("offline"); // until the server answers nevertheless
    this.#current.connection.sync();
    if (moved && this.#current.index > 0) this.#tryUpgrade(0);
  }

  /** Another user may be signed in by now: deliver nothing before the server has said who it is. */
  recheckUser() {
    const index = this.#current?.index ?? 0;
    this.#disconnect();
    this.#diagnose({ index, live: true }, 0, false);
  }

  #connect(index) {
    this.#disconnect();
    this.#restartTimer();
    this.#become(this.state); // "offline" and "signed-out" stay until the first snapshot
    this.#current = new Attempt(this, index, this.#handlers);
  }

  #disconnect() {
    for (const attempt of [this.#current, this.#upgrade]) attempt?.connection.close();
    this.#current = this.#upgrade = null;
  }

  /** Cancel the planned step. @returns {AbortSignal} for the next one */
  #restartTimer() {
    this.#timer.abort();
    this.#timer = new AbortController();
    return this.#timer.signal;
  }

  /** @param {Attempt} attempt @param {Snapshot} snapshot */
  #onSnapshot(attempt, snapshot) {
    if (!attempt.live) this.#onLive(attempt);
    else if (attempt === this.#current && this.state !== "live") this.#become("live"); // it has outlived an outage of the network
    this.events.snapshot(snapshot);
  }

  #onLive(attempt) {
    attempt.live = true;
    if (attempt === this.#upgrade) this.#upgradeDelay = FIRST_UPGRADE;
    if (attempt !== this.#current) this.#current?.connection.close();
    this.#current = attempt;
    this.#upgrade = null;
    this.#failures = this.#unreachable = 0;
    this.#become("live");
    this.#restartTimer();
    if (attempt.index > 0) this.#planUpgrade();
  }

  /** @param {Attempt} attempt @param {Reason} reason @param {number} seconds that the server asked to wait */
  #onClosed(attempt, reason, seconds) {
    if (reason === "unsupported") this.#unsupported.add(attempt.index);
    if (attempt === this.#upgrade) return this.#onUpgradeFailed(attempt, reason);
    if (attempt !== this.#current) return;
    this.#current = null;
    if (reason === "busy") return this.#onBusy(attempt, seconds);
    if (attempt.live && reason === "lost") return this.#retry(attempt.index, between(0, RECONNECT_SPREAD));
    this.#failures += 1;
    if (reason === "lost" || reason === "signed-out" || this.transports.length === 1) this.#diagnose(attempt, seconds);
    else this.#fallBack(attempt.index, seconds);
  }

  // Upgrade

  #planUpgrade() {
    after(this.#upgradeDelay * between(0.5, 1), this.#restartTimer(), () => this.#tryUpgrade(0));
  }

  /** Try the best transport from `index` on that is better than the current one. */
  #tryUpgrade(index) {
    this.#upgrade?.connection.close();
    this.#upgrade = null;
    while (this.#unsupported.has(index)) index += 1;
    if (index >= this.#current.index) return this.#upgradeLater();
    this.#upgrade = new Attempt(this, index, this.#handlers);
  }

  /** A better transport is still blocked: try those between it and the current one. */
  #onUpgradeFailed(attempt, reason) {
    this.#upgrade = null;
    if (!this.#current?.live) return;
    if (reason === "busy") this.#upgradeLater();
    else this.#tryUpgrade(attempt.index + 1);
  }

  #upgradeLater() {
    this.#upgradeDelay = Math.min(LAST_UPGRADE, this.#upgradeDelay * 2);
    this.#planUpgrade();
  }

  // Retry and fallback

  /** The user has too many connections: use the last transport, which holds none. */
  #onBusy(attempt, seconds) {
    const last = this.transports.length - 1;
    this.#upgradeDelay = Math.max(this.#upgradeDelay, CROWDED);
    if (attempt.index < last) return this.#connect(last);
    this.#failures += 1;
    this.#retry(attempt.index, Math.max(seconds, CROWDED) * between(1, 2));
  }

  /**
   * Is the transport blocked, the server unreachable, or nobody signed in? A short poll tells, and brings the state if there
   * is one. It sends the cookie that the browser has now; the connection was opened with an earlier one.
   * @param {{index: number, live: boolean}} attempt @param {number} seconds @param {boolean} [twice] see #poll
   */
  async #diagnose({ index, live }, seconds, twice = true) {
    const signal = this.#restartTimer();
    if (this.state === "live") this.#become("connecting");
    const { snapshot, reason } = await this.#poll(signal, twice);
    if (signal.aborted) return;
    if (reason === "signed-out") return this.#signOut();
    if (snapshot) this.events.snapshot(snapshot);
    if (signal.aborted) return; // it was another user's snapshot, which stops this ladder
    this.#unreachable = reason === "lost" ? this.#unreachable + 1 : 0;
    const sameTransport = live || this.#unreachable % MAX_UNREACHABLE !== 0;
    if (sameTransport) this.#retry(index, Math.max(seconds, backoff(this.#failures)));
    else this.#fallBack(index, seconds);
  }

  /** @param {AbortSignal} signal @param {boolean} twice poll again before "signed out" is believed */
  async #poll(signal, twice) {
    const once = () => poll(this.push, { signal, credential: this.options.credential });
    const answer = await once();
    return twice && answer.reason === "signed-out" ? repeatWithNewCookie(once, signal) : answer;
  }

  /** To the next transport, at once if the server is reachable; from the last one to the first, later. */
  #fallBack(index, seconds) {
    const next = (index + 1) % this.transports.length;
    const wait = next > index && !this.#unreachable ? 0 : backoff(this.#failures);
    this.#retry(next, Math.max(seconds, wait));
  }

  #retry(index, seconds) {
    const offline = this.#unreachable >= OFFLINE_AFTER || navigator.onLine === false;
    this.#become(offline ? "offline" : "connecting");
    after(seconds, this.#restartTimer(), () => this.#connect(index));
  }

  #signOut() {
    this.#disconnect();
    this.#restartTimer();
    this.#become("signed-out");
  }

  #become(state) {
    this.state = state;
    this.events.state();
  }
}
