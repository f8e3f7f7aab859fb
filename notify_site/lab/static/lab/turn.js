/** Lets one lab per browser connect, the one shown last (Web Locks): two would need more than six connections to a host. */

const NAME = "reddot-lab";

export class Turn {
  /** @type {() => void} */ #release = () => {};

  /** @param {() => void} lost another window of the lab took it */
  constructor(lost) {
    this.lost = lost;
  }

  take() {
    let released = false; // a released lock can still be stolen for a moment, even by this page
    const held = new Promise((resolve) => { this.#release = () => { released = true; resolve(true); }; });
    this.#request(() => held).catch((error) => released || error.name !== "AbortError" || this.lost());
  }

  /** Rejects with AbortError when another window steals the lock, with another error if there are no locks or they are denied. */
  async #request(held) {
    await navigator.locks.request(NAME, { steal: true }, held);
  }

  leave() {
    this.#release();
  }
}
