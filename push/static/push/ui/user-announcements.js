/**
 * The announcements of the signed-in user, read again whenever their state has changed.
 * @import {Api} from "../../inbox/shared/api.js" @import {Snapshot} from "../client/types.js"
 */
import { repeatWithNewCookie } from "../../inbox/shared/session.js";
import { belongsTo } from "../../inbox/shared/snapshot.js";
import { after, backoff, between } from "../../inbox/shared/timing.js";

const CLOCK_UNIT = 1e9; // a version is the broadcast clock times this, plus the user's own
const PAUSE = 0.2; // seconds between two reads
const SPREAD = 2; // seconds over which all pages read again after a change of the broadcast clock

export class UserAnnouncements {
  version = 0; // read before the items on screen
  #known = 0; // the newest version heard of
  #begun = 0; // the first one: what was tried out before is not for this page
  #hasRead = false; // version 0 may have been read, too
  #wait = new AbortController();
  #waiting = false;
  #reading = false;
  #failures = 0; // in a row

  #lifetime = new AbortController();

  /**
   * @param {Api} api @param {string} user "" if the page does not know it
   * @param {(items: any[]) => void} show none, if another user is signed in, or nobody
   * @param {(trial: any) => void} tryOut what the user, its author, tries out; null: nothing
   */
  constructor(api, user, show, tryOut) {
    this.api = api;
    this.user = user;
    this.show = show;
    this.tryOut = tryOut;
    document.addEventListener("visibilitychange", () => this.#readIfOld(), { signal: this.#lifetime.signal });
  }

  stop() {
    this.#lifetime.abort();
    this.#cancel();
  }

  /** The page has come with what was read at that version. @param {number} version */
  startAt(version) {
    this.version = version;
    this.#hasRead = true;
  }

  /** Nobody is signed in, or another user. Whoever returns gets everything anew. */
  leave() {
    this.#cancel();
    this.version = this.#known = this.#begun = 0;
    this.#hasRead = false;
    this.show([]);
    this.tryOut(null);
  }

  /** The newest state. @param {{user: number|string, version: number}} snapshot */
  hear(snapshot) {
    if (this.#isOthers(snapshot)) return;
    this.#begun ||= this.version || snapshot.version;
    const moved = clockOf(snapshot.version) > clockOf(Math.max(this.#known, this.version));
    this.#known = Math.max(this.#known, snapshot.version);
    this.#readIfOld(moved && this.#hasRead ? between(0, SPREAD) : 0);
  }

  /** After a write of this page: its snapshot. @param {Snapshot} snapshot */
  wrote(snapshot) {
    if (this.#isOthers(snapshot)) return;
    this.#known = Math.max(this.#known, snapshot.version);
    this.#readIfOld();
  }

  /** Whatever is known. */
  async read() {
    this.#cancel();
    if (this.#reading || this.#lifetime.signal.aborted) return;
    this.#reading = true;
    try {
      await this.#take(await this.#fetch());
      this.#failures = 0;
    } catch (error) {
      if (error.status === 401) this.leave();
      else this.#later(backoff(this.#failures += 1));
    } finally {
      this.#reading = false;
    }
    if (!this.#failures) this.#readIfOld(PAUSE); // what came meanwhile
  }

  async #fetch() {
    try {
      return await this.api.announcements();
    } catch (error) {
      if (error.status !== 401) throw error;
      return repeatWithNewCookie(() => this.api.announcements());
    }
  }

  #take(found) {
    if (this.#isOthers(found) || this.#lifetime.signal.aborted) return;
    // Older than a write of this page: a banner just closed would come back.
    if (found.version < this.version) return;
    this.startAt(found.version);
    this.#begun ||= found.version;
    this.show(found.items);
    this.tryOut(found.trial?.seq > this.#begun % CLOCK_UNIT ? found.trial : null);
  }

  /** @param {{user: number|string}} found */
  #isOthers(found) {
    if (!this.user) this.user = String(found.user);
    if (belongsTo(found, this.user)) return false;
    this.leave();
    return true;
  }

  /** A hidden page waits until it is shown. @param {number} [seconds] */
  #readIfOld(seconds = 0) {
    if (this.#known <= this.version || document.hidden || this.#reading || this.#waiting) return;
    if (seconds) this.#later(seconds);
    else this.read();
  }

  #cancel() {
    this.#wait.abort();
    this.#waiting = false;
  }

  /** @param {number} seconds */
  #later(seconds) {
    this.#cancel();
    this.#wait = new AbortController();
    this.#waiting = true;
    after(seconds, this.#wait.signal, () => this.read());
  }
}

/** @param {number} version */
function clockOf(version) {
  return Math.floor(version / CLOCK_UNIT);
}
