/** Long poll: If-None-Match and `Prefer: wait` (RFC 7240). @import {Connection, Options, Observer} from "../client/types.js" */
import { pause } from "../../inbox/shared/timing.js";
import { poll } from "../client/poll.js";
import { trace } from "../client/trace.js";

const WAIT = 25; // seconds
const PAUSE = 0.25; // seconds after a new state: a busy mailbox causes four requests a second, not forty
const MIN_WAIT = 2; // seconds; a server that answers "unchanged" sooner does not wait
const MAX_EARLY = 2; // early answers in a row that are tolerated (a server that restarts gives one)

/** @param {URL} push @param {Observer} observer @param {Options} [options] @returns {Connection} */
export function openLongPoll(push, observer, { credential, language } = {}) {
  const lifetime = new AbortController();
  let round = new AbortController();
  /** @type {string|null} */ let etag = null;
  let early = 0;

  async function run() {
    while (!lifetime.signal.aborted) {
      round = new AbortController();
      const asked = performance.now();
      const signal = AbortSignal.any([lifetime.signal, round.signal]);
      const answer = await poll(push, { etag, wait: WAIT, signal, credential, language, observer });
      if (!signal.aborted) await onAnswer(answer, performance.now() - asked);
    }
  }

  /** @param {import("../client/poll.js").Answer} answer @param {number} took milliseconds */
  async function onAnswer(answer, took) {
    if (answer.reason) return end(answer.reason, answer.retryAfter);
    etag = answer.etag ?? null;
    if (!answer.snapshot) return onUnchanged(took);
    early = 0;
    observer.snapshot(answer.snapshot);
    return etag ? pause(PAUSE, lifetime.signal) : end("unsupported");
  }

  function onUnchanged(took) {
    early = took < MIN_WAIT * 1000 ? early + 1 : 0;
    if (early > MAX_EARLY) end("unsupported");
  }

  const close = () => { lifetime.abort(); trace(observer, "close", true, "abort()"); };
  const end = (reason, seconds = 0) => { lifetime.abort(); observer.closed(reason, seconds); };
  const sync = () => { etag = null; round.abort(); };

  run();
  return { sync, close };
}
