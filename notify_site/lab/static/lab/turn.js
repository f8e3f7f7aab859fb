/** One lab per browser holds connections: the one looked at last (Web Locks). Six per host would not do for two. */

const NAME = "reddot-lab";

export class Turn {
  /** @type {() => void} */ #release = () => {};

  /** @param {() => void} lost another window of the lab took it */
  constructor(lost) {
    this.lost = lost;
  }

  take() {
    const held = new Promise((resolve) => { this.#release = () => resolve(true); });
    navigator.locks?.request(NAME, { steal: true }, () => held).catch(() => this.lost());
  }

  leave() {
    this.#release();
  }
}
