/**
 * Red Dot without its bell: what a page needs to show the state in its own way. Types: reddot.d.ts.
 *
 *     import { connect } from "/static/push/reddot.js";
 *     const reddot = connect();
 *     reddot.addEventListener("change", ({ detail }) => { badge.textContent = detail.unread || ""; });
 *
 * @import {Item, RenewTicket, Snapshot, State} from "./client/types.js"
 */
import { Api } from "./client/api.js";
import { PushClient } from "./client/client.js";
import { credentialOf, csrfTokens } from "./client/credential.js";
import { rungs } from "./client/rungs.js";
import { Store } from "./client/store.js";

/**
 * @typedef {object} Settings  all of them may be left out by a page of the site itself
 * @property {string|URL} [push]        "/push/"
 * @property {string|URL} [api]         "/api/v1/"
 * @property {string|number} [user]     id; without it the first snapshot says who it is
 * @property {string} [transport]       "auto", or one of "websocket", "sse", "long-poll", "short-poll", "iframe", "mqtt"
 * @property {string} [mqttUrl]         the broker, ws:// or wss://
 * @property {string} [language]        of what arrives; the page's `lang`
 * @property {string} [csrfToken]       if the csrftoken cookie can't be read
 * @property {string} [ticket]          for a page of another origin: the first ticket
 * @property {string} [ticketUrl]       where a POST gets the next ones, `{"ticket": …}`
 * @property {RenewTicket} [renewTicket]  or how to get them
 */

/** Connects at once. @param {Settings} [settings] @returns {RedDot} */
export function connect(settings) {
  return new RedDot(settings);
}

/**
 * One user's state, kept up to date until `close()`. Dispatches `change` (detail: the snapshot, with `item` if something
 * arrived) and `state` (detail: `{state, transport}`).
 */
export class RedDot extends EventTarget {
  #store = new Store();
  #life = new AbortController();
  /** @type {PushClient|null} */ #client = null;

  /** @param {Settings} [settings] */
  constructor(settings = {}) {
    super();
    this.settings = settings;
    const base = new URL(settings.api ?? "/api/v1/", document.baseURI);
    const credential = credentialOf({ ...settings, api: base, csrfTokens: () => csrfTokens(settings.csrfToken) });
    /** Reads the inbox and marks as read; give what it answers to `offer`. */
    this.api = new Api(base, credential, this.#language);
    const listen = { signal: this.#life.signal };
    addEventListener("pagehide", () => this.#stop(), listen); // into the back/forward cache, perhaps
    addEventListener("pageshow", () => this.#client ?? this.#start(), listen);
    this.#start();
  }

  /** The newest state, or null while there is none. @returns {Snapshot|null} */
  get snapshot() {
    return this.#store.current;
  }

  /** @returns {State} */
  get state() {
    return this.#client?.state ?? "offline";
  }

  /** The transport in use, by whichever tab holds the connection; "" while there is none. */
  get transport() {
    return this.#client?.transport ?? "";
  }

  /** Takes a snapshot that an API call answered. @param {Snapshot} snapshot */
  offer(snapshot) {
    this.#client?.offer(snapshot);
  }

  /** For good. */
  close() {
    this.#life.abort();
    this.#stop();
  }

  get #language() {
    return this.settings.language ?? document.documentElement.lang;
  }

  #start() {
    const { user = "", push = "/push/", transport = "auto", mqttUrl } = this.settings;
    this.#client = new PushClient({
      user: String(user),
      push: new URL(push, document.baseURI),
      rungs: rungs(transport),
      store: this.#store,
      options: { credential: this.api.credential, mqttUrl, language: this.#language },
    }, {
      snapshot: ({ item: _, ...snapshot }, item) => this.#tell("change", item ? { ...snapshot, item } : snapshot),
      state: () => this.#tell("state", { state: this.state, transport: this.transport }),
    });
    this.#client.start();
  }

  #stop() {
    this.#client?.stop();
    this.#client = null;
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
