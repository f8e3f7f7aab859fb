/** Short poll: works wherever `fetch` does. @import {Connection, Options, Observer} from "../client/types.js" */
import { between, pause } from "../../inbox/shared/timing.js";
import { poll } from "../client/poll.js";

const INTERVAL = 25; // seconds, if the server sends no X-Poll-Interval

/** @param {URL} push @param {Observer} observer @param {Options} [options] @returns {Connection} */
export function openShortPoll(push, observer, { credential } = {}) {
  const lifetime = new AbortController();
  let interval = new AbortController();
  /** @type {string|null} */ let etag = null;

  async function run() {
    while (!lifetime.signal.aborted) {
      interval = new AbortController();
      const answer = await poll(push, { etag, signal: lifetime.signal, credential, observer });
      if (lifetime.signal.aborted) return;
      if (answer.reason) return end(answer.reason, answer.retryAfter);
      etag = answer.etag ?? null;
      if (answer.snapshot) observer.snapshot(answer.snapshot);
      await pause((answer.interval || INTERVAL) * between(0.9, 1), AbortSignal.any([lifetime.signal, interval.signal]));
    }
  }

  const close = () => lifetime.abort();
  const end = (reason, seconds = 0) => { close(); observer.closed(reason, seconds); };
  const sync = () => { etag = null; interval.abort(); }; // the state is asked for, changed or not

  run();
  return { sync, close };
}
