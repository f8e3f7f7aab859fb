/** @import {TraceEvent} from "../push/client/types.js" */
import { moment } from "./clock.js";
import { Latency } from "./latency.js";

/** What one transport has cost and done so far. */
export class Meter {
  latency = new Latency();
  requests = 0;
  up = 0; // bytes
  down = 0;
  upAfterHandshake = 0;
  #handshakes = 0; // bytes
  messages = 0; // snapshots received
  #payload = 0; // bytes of their JSON
  frames = 0;
  heartbeats = { up: 0, down: 0, smallest: Infinity };
  reconnects = 0;
  closes = 0; // by the other side
  lastFrame = "";
  lastClose = "";
  heldFor = 0; // milliseconds that requests waited for their answers
  firstAsked = 0;
  reissued = Infinity; // milliseconds from "nothing new" to the next request
  #asked = 0;
  #told = 0;

  /** @param {boolean} polls every message has its request, instead of one for all */
  constructor(polls) {
    this.polls = polls;
  }

  /** @param {TraceEvent} event */
  trace(event) {
    this[event.up ? "up" : "down"] += event.bytes;
    if (event.kind === "handshake") this.#handshakes += event.bytes;
    else if (event.up && event.kind !== "close") this.upAfterHandshake += event.bytes;
    if (event.kind === "heartbeat") this.#beat(event);
    if (event.kind === "request") this.#request();
    else if (!event.up && this.#asked) this.#answer(event.kind);
    if (event.kind === "frame" && !event.up) { this.frames += 1; this.lastFrame = event.text; }
    if (event.kind === "close" && !event.up) { this.closes += 1; this.lastClose = event.text; }
  }

  /** A connection is opened; polls count their requests one by one. */
  opening() {
    if (!this.polls) this.requests += 1;
    this.#asked = this.#told = this.firstAsked = this.heldFor = 0;
  }

  /** @param {import("../push/client/types.js").Snapshot} snapshot received, news or not */
  message(snapshot) {
    this.messages += 1;
    this.#payload += JSON.stringify(snapshot).replace(/[^\0-\x7f]/g, "\\uffff").length; // it travels as ASCII
  }

  /** @param {boolean} again after it was lost */
  live(again) {
    this.latency.since = moment();
    if (again) this.reconnects += 1;
  }

  /** Milliseconds that requests were held, with the one that is. */
  get holding() {
    return this.heldFor + (this.#asked ? moment() - this.#asked : 0);
  }

  /** Bytes per message, without the handshakes. @returns {number|null} */
  get perMessage() {
    return this.messages ? (this.up + this.down - this.#handshakes) / this.messages : null;
  }

  /** Of these, what is not the snapshot itself. @returns {number|null} */
  get overhead() {
    return this.perMessage === null ? null : this.perMessage - this.#payload / this.messages;
  }

  /** The share of requests that brought nothing. @returns {number|null} */
  get wasted() {
    return this.requests ? this.heartbeats.down / this.requests : null;
  }

  get median() {
    return this.latency.percentile(0.5);
  }

  get p95() {
    return this.latency.percentile(0.95);
  }

  #beat({ up, bytes }) {
    this.heartbeats[up ? "up" : "down"] += 1;
    this.heartbeats.smallest = Math.min(this.heartbeats.smallest, bytes);
  }

  #request() {
    this.requests += 1;
    this.#asked = moment();
    this.firstAsked ||= this.#asked;
    if (this.#told) this.reissued = this.#asked - this.#told;
    this.#told = 0;
  }

  #answer(kind) {
    this.heldFor += moment() - this.#asked;
    this.#asked = 0;
    if (kind === "heartbeat") this.#told = moment();
  }
}
