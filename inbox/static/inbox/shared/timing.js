/** Waiting and retrying: back-off with jitter, cancellable timers. */

const FIRST = 1; // seconds
const LONGEST = 20; // below the resync interval (25 s), so that a server that returns is found within it

/**
 * Seconds before retry number `failures` (from 1): doubling up to `longest`. Jitter takes off up to half, so that browsers
 * that lost the same server do not return in the same instant.
 * @param {number} failures @param {number} [first] @param {number} [longest]
 */
export function backoff(failures, first = FIRST, longest = LONGEST) {
  return between(0.5, 1) * Math.min(longest, first * 2 ** (failures - 1));
}

/** A random number. @param {number} least @param {number} most */
export function between(least, most) {
  return least + Math.random() * (most - least);
}

/**
 * Call `call` after `seconds`, unless the signal is aborted first.
 * @param {number} seconds @param {AbortSignal} signal @param {() => void} call
 */
export function after(seconds, signal, call) {
  const timer = setTimeout(call, seconds * 1000);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

/**
 * Resolves after `seconds`, or when the signal is aborted.
 * @param {number} seconds @param {AbortSignal} [signal] @returns {Promise<void>}
 */
export function pause(seconds, signal = new AbortController().signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    after(seconds, signal, resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Calls back when `expect` is not called again in time. */
export class Watchdog {
  #timer = 0;
  #expired;

  /** @param {AbortSignal} signal ends it @param {() => void} expired */
  constructor(signal, expired) {
    this.#expired = expired;
    signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** Restart the timer. @param {number} seconds until the next sign of life */
  expect(seconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#expired, seconds * 1000);
  }
}
