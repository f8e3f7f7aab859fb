/** Waiting, with jitter: a thousand browsers that lost the same server must not come back in the same instant. */

const FIRST = 1; // seconds
const LONGEST = 20; // below the resync interval (25 s), so that a server that returns is found within it

/** Seconds before attempt number `failures` (from 1): doubling, capped, between half and all of it. */
export function backoff(failures) {
  return between(0.5, 1) * Math.min(LONGEST, FIRST * 2 ** (failures - 1));
}

/** @param {number} least @param {number} most */
export function between(least, most) {
  return least + Math.random() * (most - least);
}

/**
 * Calls `call` after so many seconds unless the signal is aborted first.
 * @param {number} seconds @param {AbortSignal} signal @param {() => void} call
 */
export function after(seconds, signal, call) {
  const timer = setTimeout(call, seconds * 1000);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

/**
 * A promise of the same; it resolves on abort as well.
 * @param {number} seconds @param {AbortSignal} signal @returns {Promise<void>}
 */
export function pause(seconds, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    after(seconds, signal, resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Calls `silent` when nothing was `heard()` for so many seconds. */
export class Watchdog {
  #timer = 0;
  #silent;

  /** @param {AbortSignal} signal ends it @param {() => void} silent */
  constructor(signal, silent) {
    this.#silent = silent;
    signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  /** @param {number} seconds until the next sign of life */
  expect(seconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#silent, seconds * 1000);
  }
}
