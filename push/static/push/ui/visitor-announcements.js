/** The banners for signed-out visitors: the same for all of them, from a cache, without a connection. */
import { allowed } from "../../inbox/shared/allowed.js";

const LEAST = 5; // seconds between two requests
const KEY = "reddot-closed"; // in local storage: ["broadcast-4.1", …], of banners that are closed
const REMEMBERED = 50;

export class VisitorAnnouncements {
  #timer = 0;
  #due = 0; // when to read again; milliseconds
  #lifetime = new AbortController();

  /** @param {URL} address @param {(items: any[]) => void} show */
  constructor(address, show) {
    this.address = address;
    this.show = show;
    document.addEventListener("visibilitychange", () => document.hidden || this.#schedule(), { signal: this.#lifetime.signal });
  }

  stop() {
    this.#lifetime.abort();
    clearTimeout(this.#timer);
  }

  /** Without an answer the old banners stay. */
  async read() {
    const answer = await fetch(this.address, { credentials: "omit" }).catch(() => null);
    const found = answer?.ok ? await answer.json().catch(() => null) : null;
    if (Array.isArray(found?.items)) this.show(found.items.filter((item) => !isClosed(item)));
    this.wait(secondsLeft(answer));
  }

  /** Read again then, or as soon as the page is shown after that. @param {number} seconds */
  wait(seconds) {
    this.#due = Date.now() + Math.max(LEAST, seconds) * 1000;
    this.#schedule();
  }

  #schedule() {
    clearTimeout(this.#timer);
    if (this.#lifetime.signal.aborted) return;
    this.#timer = setTimeout(() => document.hidden || this.read(), Math.max(0, this.#due - Date.now()));
  }
}

/** @param {Response|null} answer */
function secondsLeft(answer) {
  const [, age] = answer?.headers.get("Cache-Control")?.match(/max-age=(\d+)/) ?? [];
  return age === undefined ? 60 : Number(age) - Number(answer.headers.get("Age") ?? 0);
}

/** What a visitor has closed stays closed until the author shows it again. @param {{ref: string, revision: number}} item */
export function rememberClosed(item) {
  const kept = [...closed().filter((each) => each !== keyOf(item)), keyOf(item)].slice(-REMEMBERED);
  return allowed(() => { localStorage.setItem(KEY, JSON.stringify(kept)); return true; });
}

/** @param {{ref: string, revision: number}} item */
export function isClosed(item) {
  return closed().includes(keyOf(item));
}

/** @returns {string[]} */
function closed() {
  const kept = allowed(() => JSON.parse(localStorage.getItem(KEY) ?? "[]"));
  return Array.isArray(kept) ? kept : [];
}

function keyOf({ ref, revision }) {
  return `${ref}.${revision}`;
}
