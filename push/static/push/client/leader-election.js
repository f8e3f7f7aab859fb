/**
 * Leader election among the tabs of a browser, with the Web Locks API: the tab that holds the lock is the leader. What a leader
 * does, and how tabs talk to each other, is in client.js.
 */

/**
 * The lock passes to the next tab in the queue when its holder is closed or crashes. Where there are no locks (insecure
 * context) or the browser denies them (blocked cookies, a frame without an origin), every tab leads itself.
 */
export class LeaderElection {
  /** Requests of this tab that wait for the lock. */ #queue = new AbortController();
  #left = false;
  /** The request that holds the lock, null for a follower. @type {object|null} */ #holder = null;
  /** @type {() => void} */ #release = () => {};

  /** @param {string} name of the lock @param {{elected: () => void, deposed: () => void}} events */
  constructor(name, events) {
    this.name = name;
    this.events = events;
  }

  get isLeader() {
    return this.#holder !== null;
  }

  /** Wait for the lock. */
  join() {
    this.#queue = new AbortController();
    this.#request({ signal: this.#queue.signal });
  }

  /** Take the lock from a leader that does not answer (a frozen tab). */
  steal() {
    this.#queue.abort();
    this.#request({ steal: true });
  }

  /** Lead without a lock, beside other leaders. */
  leadAlone() {
    this.#queue.abort();
    if (!this.isLeader && !this.#left) this.#become({});
  }

  leave() {
    this.#left = true;
    this.#queue.abort();
    this.#holder = null;
    this.#release();
  }

  /** @param {LockOptions} options their identity tells the requests of this tab apart */
  async #request(options) {
    try {
      await navigator.locks.request(this.name, options, () => this.#onGranted(options));
    } catch (error) {
      if (this.#holder === options) this.#onLost(error);
      else if (!options.signal?.aborted) this.leadAlone(); // no locks, or denied
    }
  }

  /** @param {object} request @returns {Promise<void>|undefined} undefined gives the lock back at once: it came too late */
  #onGranted(request) {
    return this.isLeader || this.#left ? undefined : this.#become(request);
  }

  /** @param {object} request @returns {Promise<void>} holds the lock until it resolves */
  #become(request) {
    this.#holder = request;
    /** @type {Promise<void>} */
    const released = new Promise((resolve) => { this.#release = () => resolve(); });
    this.events.elected();
    return released;
  }

  /** Another tab stole the lock. Or the browser took it back (any other error): then go on without. */
  #onLost(error) {
    if (error.name !== "AbortError") return console.warn("Red Dot: this tab leads without a lock.", error);
    this.#holder = null;
    this.events.deposed();
    this.join();
  }
}
