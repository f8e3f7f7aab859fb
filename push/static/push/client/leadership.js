/**
 * One connection per browser: the tab that holds the lock leads; the lock passes on when its holder goes, however it goes
 * (Web Locks). Where there are no locks (a page that is no secure context), or they are denied (blocked cookies, a frame
 * without an origin), every tab leads itself.
 */
export class Leadership {
  #queue = new AbortController();
  #left = false;
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
    this.#queue = new AbortController();
    this.#request({ signal: this.#queue.signal });
  }

  /** Takes it from a leader that does not answer (a frozen tab). */
  steal() {
    this.#queue.abort();
    this.#request({ steal: true });
  }

  /** Leads itself, with no lock. */
  alone() {
    this.#queue.abort();
    if (!this.leads && !this.#left) this.#hold({});
  }

  leave() {
    this.#left = true;
    this.#queue.abort();
    this.#holder = null;
    this.#release();
  }

  /** @param {LockOptions} options also tells this request from another of ours */
  async #request(options) {
    try {
      await navigator.locks.request(this.name, options, () => this.#granted(options));
    } catch (error) {
      if (this.#holder === options) this.#unlocked(error);
      else if (!options.signal?.aborted) this.alone(); // no locks, or denied
    }
  }

  /** @param {object} holder @returns {Promise<void>|undefined} undefined: it came too late and is given back */
  #granted(holder) {
    return this.leads || this.#left ? undefined : this.#hold(holder);
  }

  /** @param {object} holder @returns {Promise<void>} settles when we give it back */
  #hold(holder) {
    this.#holder = holder;
    /** @type {Promise<void>} */
    const held = new Promise((resolve) => { this.#release = () => resolve(); });
    this.tell.gained();
    return held;
  }

  /** Another tab took it; or the browser took back what it had granted, and we go on without. */
  #unlocked(error) {
    if (error.name !== "AbortError") return console.warn("Red Dot: this tab leads without its lock.", error);
    this.#holder = null;
    this.tell.lost();
    this.join();
  }
}
