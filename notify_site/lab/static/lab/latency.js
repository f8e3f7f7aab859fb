/** The latency of one transport, from commit to screen. */

const KEPT = 4000; // versions whose time on screen is remembered; a burst shows a few hundred
const SAMPLES = 2000;

/** Matches commits, which the server reports afterwards, with the versions shown. All times are by this browser's clock. */
export class Latency {
  /** Milliseconds, in the order of measurement. @type {number[]} */ samples = [];
  /** Version → when it was first shown, in order. @type {Map<number, number>} */ #shown = new Map();
  /** Commits that are not on screen yet. @type {[number, number][]} */ #awaited = [];
  /** @type {number[]|null} */ #sorted = null;
  /** Earlier commits are not counted: there was no connection. */ since = Infinity;

  /** @param {number} version @param {number} at */
  show(version, at) {
    if (this.#shown.has(version)) return;
    this.#shown.set(version, at);
    if (this.#shown.size > KEPT) this.#shown.delete(this.#shown.keys().next().value);
    const due = this.#awaited.filter(([awaited]) => awaited <= version);
    this.#awaited = this.#awaited.filter(([awaited]) => awaited > version);
    for (const [, committed] of due) this.#add(at - committed, committed);
  }

  /**
   * Add commits, in order: each waits until a version at least as new is on screen. Versions that were skipped for a newer one
   * count too; without them a transport that rarely looks would seem faster than it is.
   * @param {[number, number][]} commits  version and moment
   */
  expect(commits) {
    const shown = this.#shown.entries();
    let next = shown.next();
    for (const [version, at] of commits) {
      while (!next.done && next.value[0] < version) next = shown.next();
      if (next.done) this.#awaited.push([version, at]);
      else this.#add(next.value[1] - at, at);
    }
  }

  /** @param {number} share 0.5 for the median @returns {number|null} milliseconds */
  percentile(share) {
    if (!this.samples.length) return null;
    const sorted = (this.#sorted ??= this.samples.toSorted((one, other) => one - other));
    return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
  }

  #add(ms, committed) {
    if (committed < this.since) return;
    this.#sorted = null;
    this.samples.push(Math.max(0, ms)); // the clocks agree within half a round trip
    if (this.samples.length > SAMPLES) this.samples.shift();
  }
}
