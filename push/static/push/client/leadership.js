/**
 * One connection per browser: the tab that holds the lock leads; the lock passes on when its holder goes, however it goes
 * (Web Locks). Without Web Locks (a page that is no secure context) every tab leads itself.
 */
export class Leadership {
  #queue = new AbortController();
  /** Which request holds the lock. @type {object|null} */ #holder = null;
  /** @type {() => void} */ #release = () => {};

  /** @param {string} name @param {{gained: () => void, lost: () => void}} tell */
  constructor(name, tell) {
    this.name = name;
    this.tell = tell;
  }

  get leads() {
    return this.#holder !== null;
  }

  /** Waits in the queue. */
  join() {
    if (!navigator.locks) return void this.#hold({});
    this.#queue = new AbortController();
    this.#request({ signal: this.#queue.signal });
  }

  /** Takes it from a leader that does not answer (a frozen tab). */
  steal() {
    this.#queue.abort();
    this.#request({ steal: true });
  }

  leave() {
    this.#queue.abort();
    this.#holder = null;
    this.#release();
  }

  /** @param {LockOptions} options also tells this request from another of ours */
  async #request(options) {
    try {
      await navigator.locks.request(this.name, options, () => this.#hold(options));
    } catch (error) {
      if (error.name !== "AbortError") throw error;
      if (this.#holder === options) this.#robbed();
    }
  }

  /** @param {object} holder @returns {Promise<void>} settles when we give it back */
  #hold(holder) {
    this.#holder = holder;
    /** @type {Promise<void>} */
    const held = new Promise((resolve) => { this.#release = () => resolve(); });
    this.tell.gained();
    return held;
  }

  #robbed() {
    this.#holder = null;
    this.tell.lost();
    this.join();
  }
}
