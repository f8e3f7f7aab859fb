/** @import {Snapshot, Item} from "./types.js" */

/**
 * The newest snapshot wins: versions of one user are a chain, so `>` orders them. Another user's snapshot starts over,
 * because versions of different users cannot be compared.
 */
export class Store {
  /** @type {Snapshot|null} */ current = null;
  /** @type {Set<string>} */ #shown = new Set();
  /** What this tab showed on the page before: nothing older may follow. @type {Snapshot|null} */ #floor = null;

  /** @param {Snapshot|null} snapshot */
  startAbove(snapshot) {
    this.#floor = snapshot;
  }

  /**
   * Takes a snapshot from anywhere. Says whether the state moved, and what arrived with it.
   * @param {Snapshot} snapshot
   * @returns {{moved: boolean, item: Item|null}}
   */
  offer(snapshot) {
    if (!isSnapshot(snapshot)) return { moved: false, item: null };
    if (this.#isOlder(snapshot)) return { moved: false, item: null };
    const moved = !sameUser(this.current, snapshot) || snapshot.version > this.current.version;
    if (moved) this.current = snapshot;
    return { moved, item: this.#unseen(snapshot.item) };
  }

  clear() {
    this.current = this.#floor = null;
    this.#shown.clear();
  }

  /** @param {Snapshot} snapshot */
  #isOlder(snapshot) {
    return [this.current, this.#floor].some((known) => sameUser(known, snapshot) && snapshot.version < known.version);
  }

  /** An item is news once, also when it comes a second time with an equal version. @param {Item|undefined} item */
  #unseen(item) {
    if (!item || this.#shown.has(item.ref)) return null;
    this.#shown.add(item.ref);
    if (this.#shown.size > 200) this.#shown.delete(this.#shown.values().next().value); // a page may live for weeks
    return item;
  }
}

/** @param {Snapshot|null} one @param {Snapshot} other */
export function sameUser(one, other) {
  return one !== null && String(one.user) === String(other.user);
}

/** @param {any} value @returns {value is Snapshot} */
export function isSnapshot(value) {
  return value?.user != null && Number.isSafeInteger(value.version) && Number.isSafeInteger(value.unread);
}
