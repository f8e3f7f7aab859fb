/**
 * Transports whose modules are loaded when they are first used.
 * @import {Connection, Observer, Open} from "./types.js"
 */

/** Opens as what `load` resolves to. If that can't be loaded, the connection is lost. @param {() => Promise<Open>} load @returns {Open} */
export function loaded(load) {
  return (push, observer, options) => new LoadedConnection(load, (open) => open(push, observer, options), observer);
}

/** @implements {Connection} */
class LoadedConnection {
  #isClosed = false;
  /** @type {Connection|null} */ #inner = null;

  /** @param {() => Promise<Open>} load @param {(open: Open) => Connection} connect @param {Observer} observer */
  constructor(load, connect, observer) {
    load().then((open) => this.#open(open, connect, observer), () => this.#isClosed || observer.closed("lost"));
  }

  sync() {
    this.#inner?.sync();
  }

  close() {
    this.#isClosed = true;
    this.#inner?.close();
  }

  /** @param {Open} open @param {(open: Open) => Connection} connect @param {Observer} observer */
  #open(open, connect, observer) {
    if (this.#isClosed) return;
    try {
      this.#inner = connect(open);
    } catch { // no such API in this browser, or forbidden by policy
      observer.closed("unsupported");
    }
  }
}
