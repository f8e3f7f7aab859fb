/** Parts of a page that are loaded after what is more urgent. */

const LATEST = 1000; // milliseconds; a busy page, or a hidden one, may never be idle

/** Call when the browser has nothing else to do. @param {() => void} call */
function whenIdle(call) {
  if (globalThis.requestIdleCallback) requestIdleCallback(call, { timeout: LATEST });
  else setTimeout(call); // Safari
}

/** @template T */
export class Later {
  /** Null until it is loaded. @type {T|null} */ value = null;
  /** @type {Promise<T>|null} */ #loading = null;

  /** @param {() => Promise<T>} load */
  constructor(load) {
    this.load = load;
  }

  /** Load it now, once. Rejects if that fails; then the next call tries again. @returns {Promise<T>} */
  get() {
    this.#loading ??= this.load().then((value) => (this.value = value), (error) => {
      this.#loading = null;
      throw error;
    });
    return this.#loading;
  }

  soon() {
    if (!this.#loading) whenIdle(() => this.get().catch(() => {}));
  }
}
