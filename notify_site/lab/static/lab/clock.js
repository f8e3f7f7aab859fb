/** The difference between the server's clock, which stamps commits, and this browser's. */

const ROUNDS = 5; // requests; the fastest one is the most precise

/** Epoch milliseconds by a monotonic clock. */
export function moment() {
  return performance.timeOrigin + performance.now();
}

/** Measures the offset by Cristian's algorithm (1989); the error is at most half a round trip. */
export class Clock {
  offset = 0; // milliseconds that the server's clock is ahead
  error = Infinity; // milliseconds at most

  /** @param {string} url answers {"now": epoch milliseconds} */
  constructor(url) {
    this.url = url;
  }

  async sync() {
    for (let round = 0; round < ROUNDS; round += 1) await this.#measure().catch(() => {}); // the next round may succeed
  }

  /** The server's time `at` by this browser's clock. @param {number} at */
  local(at) {
    return at - this.offset;
  }

  async #measure() {
    const asked = moment();
    const { now } = await (await fetch(this.url, { cache: "no-store" })).json();
    const trip = moment() - asked;
    if (trip / 2 >= this.error) return;
    this.error = trip / 2;
    this.offset = now - (asked + trip / 2);
  }
}
