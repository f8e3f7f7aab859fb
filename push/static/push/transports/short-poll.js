/** Short poll: works through anything that can fetch. @import {Connection, Options, Sink} from "../client/types.js" */
import { poll } from "../client/poll.js";
import { between, pause } from "../client/timing.js";

const INTERVAL = 25; // seconds, if the server names none (X-Poll-Interval)

/** @param {URL} push @param {Sink} sink @param {Options} [options] @returns {Connection} */
export function openShortPoll(push, sink, { credential } = {}) {
  const life = new AbortController();
  let nap = new AbortController();
  /** @type {string|null} */ let etag = null;

  async function run() {
    while (!life.signal.aborted) {
      nap = new AbortController();
      const answer = await poll(push, { etag, signal: life.signal, credential, sink });
      if (life.signal.aborted) return;
      if (answer.reason) return end(answer.reason, answer.retryAfter);
      etag = answer.etag ?? null;
      if (answer.snapshot) sink.snapshot(answer.snapshot);
      await pause((answer.interval || INTERVAL) * between(0.9, 1), AbortSignal.any([life.signal, nap.signal]));
    }
  }

  const close = () => life.abort();
  const end = (reason, seconds = 0) => { close(); sink.closed(reason, seconds); };
  const sync = () => nap.abort();

  run();
  return { sync, close };
}
