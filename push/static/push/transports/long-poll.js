/** Long poll: If-None-Match and `Prefer: wait` (RFC 7240). @import {Connection, Options, Sink} from "../client/types.js" */
import { poll } from "../client/poll.js";
import { pause } from "../client/timing.js";
import { trace } from "../client/trace.js";

const WAIT = 25; // seconds
const BREATH = 0.25; // seconds after news: a hot mailbox costs four requests a second, not forty
const HELD = 2; // seconds; a server that answers "unchanged" sooner than that does not wait
const EARLY = 2; // answers that may come too soon (a server that restarts answers early, once)

/** @param {URL} push @param {Sink} sink @param {Options} [options] @returns {Connection} */
export function openLongPoll(push, sink, { credential, language } = {}) {
  const life = new AbortController();
  let round = new AbortController();
  /** @type {string|null} */ let etag = null;
  let early = 0;

  async function run() {
    while (!life.signal.aborted) {
      round = new AbortController();
      const asked = performance.now();
      const signal = AbortSignal.any([life.signal, round.signal]);
      const answer = await poll(push, { etag, wait: WAIT, signal, credential, language, sink });
      if (!round.signal.aborted && !life.signal.aborted) await take(answer, performance.now() - asked);
    }
  }

  /** @param {import("../client/poll.js").Answer} answer @param {number} took milliseconds */
  async function take(answer, took) {
    if (answer.reason) return end(answer.reason, answer.retryAfter);
    etag = answer.etag ?? null;
    if (!answer.snapshot) return unchanged(took);
    early = 0;
    sink.snapshot(answer.snapshot);
    return etag ? pause(BREATH, life.signal) : end("unsupported");
  }

  function unchanged(took) {
    early = took < HELD * 1000 ? early + 1 : 0;
    if (early > EARLY) end("unsupported");
  }

  const close = () => { life.abort(); trace(sink, "close", true, "abort()"); };
  const end = (reason, seconds = 0) => { life.abort(); sink.closed(reason, seconds); };
  const sync = () => { etag = null; round.abort(); };

  run();
  return { sync, close };
}
