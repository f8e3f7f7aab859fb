/**
 * Notes which announcements were on the page and seen, and whose links were followed, for their authors, in batches. Loss is
 * permitted. The parts of a page and the tabs of a browser tell each other what they send, so that it is sent once.
 * @import {Api} from "./api.js" @typedef {"inbox"|"bell"|"toast"|"banner"|"dialog"} Surface
 */
import { allowed } from "./allowed.js";
import { between } from "./timing.js";
import { isTrial } from "./trial.js";

// Seconds from an event to its batch, at random: after a publication 10,000 open pages send 500 requests in a second, not all.
const [LEAST, SPREAD] = [2, 20];
const MOST = 100; // events of a request
const KNOWN = 1000; // keys that are remembered; a page may stay open for weeks
const CLOCK_UNIT = 1e9; // a version is the broadcast clock times this, plus the user's own
const NAME = "reddot-reports"; // of the BroadcastChannel; messages: [[key, "shown"|"seen"], …]

export class Reports {
  /** @type {Map<any, any>} */ #waiting = new Map(); // events by key; "seen" replaces "shown", which it implies
  /** @type {Map<string, string>} */ #known = new Map(); // key → "shown" or "seen": the server counts once anyway
  #timer = 0;
  /** @type {BroadcastChannel|null} */ #channel = null;
  #watched = new WeakMap(); // element → [key, ref, surface]
  #observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) this.#look(...this.#watched.get(target));
  }, { threshold: 0.5 });

  /** @param {Api} api @param {() => {user: any, version: any}} state whose page it is, and the version on screen; unknown: empty */
  constructor(api, state) {
    this.api = api;
    this.state = state;
    this.#listen();
    addEventListener("pageshow", ({ persisted }) => persisted && this.#listen());
    addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => document.hidden && this.#send());
  }

  /**
   * It is shown if the element is rendered, and seen when half of it is in the window. To be called again when something has
   * changed. @param {Element} element @param {{ref: string, type: string}} item @param {Surface} surface
   */
  watch(element, item, surface) {
    if (item.type !== "broadcast" || isTrial(item)) return;
    const key = this.#key(item.ref);
    if (!this.#known.has(key) && element.checkVisibility()) this.#note("shown", key, item.ref, surface);
    if (this.#watched.get(element)?.[0] === key) return;
    this.#watched.set(element, [key, item.ref, surface]);
    this.#observer.unobserve(element); // it may be shown again, and have been in the window all the time
    this.#observer.observe(element);
  }

  /** @param {{ref: string, type: string}} item @param {Surface} surface @param {number} [button] its position; without it, the link */
  clicked(item, surface, button) {
    if (item.type === "broadcast") this.#add(Symbol("click"), { ref: item.ref, what: "clicked", surface, ...(button !== undefined && { button }) });
  }

  /** It is in the window. */
  #look(key, ref, surface) {
    if (!document.hidden) this.#note("seen", key, ref, surface);
  }

  /** @param {"shown"|"seen"} what */
  #note(what, key, ref, surface) {
    if (["seen", what].includes(this.#known.get(key))) return;
    this.#know(key, what);
    this.#add(key, { ref, what, surface });
  }

  #know(key, what) {
    this.#known.set(key, what);
    if (this.#known.size > KNOWN) this.#known.delete(this.#known.keys().next().value);
  }

  /** Of a user, until it is shown again. */
  #key(ref) {
    const { user, version } = this.state();
    return `${this.api.base} ${user} ${ref} ${Math.floor((version ?? 0) / CLOCK_UNIT)}`;
  }

  #add(key, event) {
    const { version } = this.state();
    this.#waiting.set(key, version ? { ...event, version } : event);
    this.#timer ||= setTimeout(() => this.#send(), between(LEAST, LEAST + SPREAD) * 1000);
  }

  #send() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const sent = [...this.#waiting].slice(0, MOST);
    this.#waiting.clear();
    if (!sent.length) return;
    const told = sent.map(([key, { what }]) => [key, what]).filter(([, what]) => what !== "clicked");
    allowed(() => this.#channel?.postMessage(told));
    this.api.report(sent.map(([, event]) => event)).catch(() => {});
  }

  #listen() {
    this.#channel ??= allowed(() => new BroadcastChannel(NAME));
    if (this.#channel) this.#channel.onmessage = ({ data }) => data.forEach(([key, what]) => this.#hear(key, what));
  }

  /** Another part of the page, or another tab, has sent this. */
  #hear(key, what) {
    if (this.#known.get(key) !== "seen") this.#know(key, what);
    if ([what, "shown"].includes(this.#waiting.get(key)?.what)) this.#waiting.delete(key);
  }

  /** The channel would keep the page out of the back/forward cache. */
  #leave() {
    this.#send();
    this.#channel?.close();
    this.#channel = null;
  }
}
