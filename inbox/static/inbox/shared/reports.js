/**
 * Notes which announcements were seen and whose links were followed, for their authors, in batches. Loss is permitted.
 * @import {Api} from "./api.js" @typedef {"inbox"|"bell"|"toast"|"banner"|"dialog"} Surface
 */

const PAUSE = 5000; // milliseconds without events after which they are sent
const MOST = 100; // events of a request
const CLOCK_UNIT = 1e9; // a version is the broadcast clock times this, plus the user's own

export class Reports {
  /** @type {object[]} */ #waiting = [];
  #seen = new Set(); // "ref clock", of this page: the server counts once anyway
  #timer = 0;
  #watched = new WeakMap(); // element → [ref, surface]
  #observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) this.seen(...this.#watched.get(target));
  }, { threshold: 0.5 });

  /** @param {Api} api @param {() => number|null} version of what is on screen; 0 or null if unknown */
  constructor(api, version) {
    this.api = api;
    this.version = version;
    addEventListener("pagehide", () => this.#send());
    document.addEventListener("visibilitychange", () => document.hidden && this.#send());
  }

  /** It is seen when half of it is in the window. @param {Element} element @param {{ref: string, type: string}} item @param {Surface} surface */
  watch(element, item, surface) {
    if (item.type !== "broadcast" || this.#watched.has(element)) return;
    this.#watched.set(element, [item.ref, surface]);
    this.#observer.observe(element);
  }

  /** @param {string} ref @param {Surface} surface */
  seen(ref, surface) {
    const once = `${ref} ${Math.floor((this.version() ?? 0) / CLOCK_UNIT)}`; // it may be shown again
    if (this.#seen.has(once) || document.hidden) return;
    this.#seen.add(once);
    this.#add({ ref, what: "seen", surface });
  }

  /** @param {{ref: string, type: string}} item @param {Surface} surface @param {number} [button] its position; without it, the link */
  clicked(item, surface, button) {
    if (item.type === "broadcast") this.#add({ ref: item.ref, what: "clicked", surface, ...(button !== undefined && { button }) });
  }

  #add(event) {
    const version = this.version();
    this.#waiting.push(version ? { ...event, version } : event);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), PAUSE);
  }

  #send() {
    clearTimeout(this.#timer);
    const events = this.#waiting.splice(0, MOST);
    if (events.length) this.api.report(events).catch(() => {});
  }
}
