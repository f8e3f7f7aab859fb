/** One lab per browser holds connections: the one looked at last (Web Locks). Six per host would not do for two. */

const NAME = "reddot-lab";

export class Turn {
  /** @type {() => void} */ #release = () => {};

  /** @param {() => void} lost another window of the lab took it */
  constructor(lost) {
    this.lost = lost;
  }

  take() {
    let released = false; // what we let go of can still be stolen for a moment, also by ourselves
    const held = new Promise((resolve) => { this.#release = () => { released = true; resolve(true); }; });
    this.#request(() => held).catch((error) => released || error.name !== "AbortError" || this.lost());
  }

  /** Rejects with an AbortError when it is taken from us, with another error where there are no locks, or they are denied. */
  async #request(held) {
    await navigator.locks.request(NAME, { steal: true }, held);
  }

  leave() {
    this.#release();
  }
}
