/**
 * Red Dot without its bell: the state, for pages that show it in their own way. Types: reddot.d.ts.
 *
 *     const reddot = connect();
 *     reddot.addEventListener("change", ({ detail }) => { badge.textContent = detail.unread || ""; });
 *
 * @import {Settings, Snapshot, State} from "./reddot.js"
 */
import { whenVisible } from "../inbox/shared/visible.js";
import { PushClient } from "./client/client.js";
import { createCredential } from "./client/credential.js";
import { Mailbox } from "./client/mailbox.js";
import { Store } from "./client/store.js";
import { transportsFor } from "./client/transports.js";
import { whileShown } from "./client/lifecycle.js";

/** Connects at once. @param {Settings} [settings] @returns {RedDot} */
export function connect(settings) {
  return new RedDot(settings);
}

/**
 * The state of one user, kept up to date until `close()`. Dispatches `change` (detail: the snapshot, with `item` if something
 * arrived) and `state` (detail: `{state, transport}`).
 */
export class RedDot extends EventTarget {
  #store = new Store();
  #lifetime = new AbortController();
  #credential;
  /** @type {PushClient|null} */ #client = null;

  /** @param {Settings} [settings] */
  constructor(settings = {}) {
    super();
    this.settings = settings;
    const base = new URL(settings.api ?? "/api/v1/", document.baseURI);
    this.#credential = createCredential({ ...settings, api: base });
    /** All that a user can do. The state takes in what each write is answered with. */
    this.api = new Mailbox(base, this.#credential, this.#language);
    this.api.written = (answer) => this.#take(answer);
    whileShown(this.#lifetime.signal, () => this.#client ?? this.#start(), () => this.#stop());
  }

  /** The newest state, or null while there is none. @returns {Snapshot|null} */
  get snapshot() {
    return this.#store.current;
  }

  /** @returns {State} */
  get state() {
    return this.#client?.state ?? "offline";
  }

  /** The transport in use, in whichever tab holds the connection; "" while there is none. */
  get transport() {
    return this.#client?.transport ?? "";
  }

  /** Take a snapshot that the page has from elsewhere, as from an API call of its own. @param {Snapshot} snapshot */
  offer(snapshot) {
    this.#client?.offer(snapshot);
  }

  /** The answer to a write, without what is said of the write. @param {any} answer */
  #take({ changed: _changed, undo: _undo, restored: _restored, skipped: _skipped, ...snapshot }) {
    this.offer(snapshot);
  }

  /** Once the page is visible, read what it has shown: what `{% visited %}` has put into it. @param {string} visit */
  visited(visit) {
    whenVisible(() => this.api.visited(visit).catch(() => {}));
  }

  /**
   * The user has seen what there is at this version, by default the state that the page has: it is no longer unseen.
   * @param {number} [version]
   */
  async seen(version = this.snapshot?.version) {
    if (version !== undefined) await this.api.seen(version);
  }

  /** For good. */
  close() {
    this.#lifetime.abort();
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
      transports: transportsFor(transport),
      store: this.#store,
      options: { credential: this.#credential, mqttUrl, language: this.#language },
    }, {
      snapshot: ({ item: _, ...snapshot }, item) => this.#dispatch("change", item ? { ...snapshot, item } : snapshot),
      state: () => this.#dispatch("state", { state: this.state, transport: this.transport }),
    });
    this.#client.start();
  }

  #stop() {
    this.#client?.stop();
    this.#client = null;
  }

  /** @param {string} type @param {object} detail */
  #dispatch(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
