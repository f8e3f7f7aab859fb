/**
 * The newest snapshot of a page. Where snapshots come from is not known here.
 * @import {Snapshot, Item} from "./types.js"
 */
import { sameUser } from "../../inbox/shared/snapshot.js";

const REMEMBERED = 200; // items; a page may stay open for weeks

/**
 * Keeps the newest snapshot: the versions of one user are ordered by `>`. Versions of different users can't be compared, so
 * a snapshot of another user replaces the current one.
 */
export class Store {
  /** @type {Snapshot|null} */ current = null;
  /** Refs of items that were reported. @type {Set<string>} */ #reported = new Set();
  /** What this tab showed on the page before: older snapshots are ignored. @type {Snapshot|null} */ #floor = null;

  /** @param {Snapshot|null} snapshot */
  startAbove(snapshot) {
    this.#floor = snapshot;
  }

  /**
   * Take a snapshot from any source. `moved`: it is now the current one. `item`: what arrived with it, once.
   * @param {Snapshot} snapshot
   * @returns {{moved: boolean, item: Item|null}}
   */
  offer(snapshot) {
    if (!isSnapshot(snapshot) || this.#isOlder(snapshot)) return { moved: false, item: null };
    const moved = !sameUser(this.current, snapshot) || snapshot.version > this.current.version;
    if (moved) this.current = snapshot;
    return { moved, item: this.#unreported(snapshot.item) };
  }

  clear() {
    this.current = this.#floor = null;
    this.#reported.clear();
  }

  /** @param {Snapshot} snapshot */
  #isOlder(snapshot) {
    return [this.current, this.#floor].some((known) => sameUser(known, snapshot) && snapshot.version < known.version);
  }

  /** An item may come again with an equal version. @param {Item|undefined} item */
  #unreported(item) {
    if (!item || this.#reported.has(item.ref)) return null;
    this.#reported.add(item.ref);
    if (this.#reported.size > REMEMBERED) this.#reported.delete(this.#reported.values().next().value);
    return item;
  }
}

/** @param {any} value @returns {value is Snapshot} */
export function isSnapshot(value) {
  return value?.user != null && Number.isSafeInteger(value.version) && Number.isSafeInteger(value.unread);
}
