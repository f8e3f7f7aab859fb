/** Time as the server has it: commits are stamped there, and shown here. */

const ROUNDS = 5; // requests; the quickest one says most

/** Epoch milliseconds by a clock that nobody sets back. */
export function moment() {
  return performance.timeOrigin + performance.now();
}

/** How far the server's clock is ahead of ours, by Cristian's algorithm (1989): off by half a round trip at most. */
export class Clock {
  offset = 0; // milliseconds
  error = Infinity; // milliseconds, at most

  /** @param {string} url answers {"now": epoch milliseconds} */
  constructor(url) {
    this.url = url;
  }

  async sync() {
    for (let round = 0; round < ROUNDS; round += 1) await this.#ask().catch(() => {}); // then the next one may
  }

  /** A moment of the server's clock on ours. @param {number} at */
  local(at) {
    return at - this.offset;
  }

  async #ask() {
    const asked = moment();
    const { now } = await (await fetch(this.url, { cache: "no-store" })).json();
    const trip = moment() - asked;
    if (trip / 2 >= this.error) return;
    this.error = trip / 2;
    this.offset = now - (asked + trip / 2);
  }
}
