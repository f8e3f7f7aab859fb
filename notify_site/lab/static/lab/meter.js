/** The figures of one transport, from its trace. @import {TraceEvent} from "../push/client/types.js" */
import { moment } from "./clock.js";
import { Latency } from "./latency.js";

/** Counts since the page was opened. */
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
  firstAsked = 0; // when
  reissued = Infinity; // milliseconds from an answer "unchanged" to the next request
  #asked = 0; // when the pending request was sent; 0: none is
  #answered = 0; // when the last answer "unchanged" came

  /** @param {boolean} polls each message has a request of its own */
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

  /** Before an attempt to connect. */
  opening() {
    if (!this.polls) this.requests += 1;
    this.#asked = this.#answered = this.firstAsked = this.heldFor = 0;
  }

  /** @param {import("../push/client/types.js").Snapshot} snapshot as received, new or not */
  message(snapshot) {
    this.messages += 1;
    this.#payload += JSON.stringify(snapshot).replace(/[^\0-\x7f]/g, "\\uffff").length; // it travels as ASCII
  }

  /** @param {boolean} again after a lost connection */
  live(again) {
    this.latency.since = moment();
    if (again) this.reconnects += 1;
  }

  /** Milliseconds that requests were held, including the pending one. */
  get holding() {
    return this.heldFor + (this.#asked ? moment() - this.#asked : 0);
  }

  /** Bytes per message, without the handshakes. @returns {number|null} */
  get perMessage() {
    return this.messages ? (this.up + this.down - this.#handshakes) / this.messages : null;
  }

  /** Bytes per message beside the snapshot itself. @returns {number|null} */
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
    if (this.#answered) this.reissued = this.#asked - this.#answered;
    this.#answered = 0;
  }

  #answer(kind) {
    this.heldFor += moment() - this.#asked;
    this.#asked = 0;
    if (kind === "heartbeat") this.#answered = moment();
  }
}
