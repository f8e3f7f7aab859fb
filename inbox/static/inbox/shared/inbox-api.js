/**
 * The endpoints under /api/v1/ that a list of items needs, on the inbox page and in the bell's panel; push/client/mailbox.js has the
 * others.
 *
 * @import {InboxFilter, Preferences, Surface} from "../../push/reddot.js"
 */
import { Api } from "./api.js";
import { unreachable } from "./http.js";

const TEXTS = ["q", "type", "not_type", "actor", "since", "until", "subject", "thread"];
const FLAGS = ["unread", "read", "archived", "starred", "snoozed", "important"];

export class InboxApi extends Api {
  /**
   * A page of items, newest first. `version` was read before the items; `next` is the cursor for `before`.
   * @param {number} limit @param {InboxFilter} [filter]
   * @returns {Promise<{user: number|string, version: number, items: any[], next: string|null}>}
   */
  async inbox(limit, filter = {}) {
    const page = await this.request(`inbox/?${this.pageQuery(limit, filter)}`);
    return Array.isArray(page?.items) ? page : unreachable();
  }

  /**
   * A page of threads with items that the filter chooses, the last moved first; they count these items.
   * @param {number} limit @param {InboxFilter} [filter]
   * @returns {Promise<{user: number|string, version: number, threads: any[], next: string|null}>}
   */
  async threads(limit, filter = {}) {
    const page = await this.request(`inbox/threads/?${this.pageQuery(limit, filter)}`);
    return Array.isArray(page?.threads) ? page : unreachable();
  }

  /**
   * A page of the items of one thread, newest first. @param {string} key @param {number} limit @param {string} [before]
   * @returns {Promise<{user: number|string, version: number, items: any[], next: string|null}>}
   */
  async thread(key, limit, before) {
    const page = await this.request(`inbox/threads/${encodeURIComponent(key)}/?${this.pageQuery(limit, { before })}`);
    return Array.isArray(page?.items) ? page : unreachable();
  }

  /** @param {number} limit @param {Record<string, any>} filter names that the API does not know are left out */
  pageQuery(limit, { before, ...filter }) {
    const query = new URLSearchParams({ limit: String(limit) });
    if (this.language) query.set("language", this.language);
    if (before) query.set("before", before);
    for (const [name, value] of known(filter)) query.set(name, value === true ? "1" : value);
    return query;
  }

  /**
   * `changes`: {read}, {archived}, {starred}, {snoozed_until} or {deleted: false}. Returns the snapshot afterwards, as all writes
   * do. `version` is that of what was shown: if an announcement was shown again since, nothing is written (409).
   * `act`: a token of one's own (`actToken`), with which the act goes on if it is sent again.
   * @param {string} ref @param {object} changes @param {number} [version] @param {string} [act]
   */
  change(ref, changes, version, act = "") {
    return this.write("PATCH", `inbox/${encodeURIComponent(ref)}/`, { ...changes, version, ...(act && { act }) });
  }

  /** @param {string} ref @param {number} [version] @param {string} [act] as above */
  remove(ref, version, act = "") {
    const query = new URLSearchParams({ ...(version !== undefined && { version: String(version) }), ...(act && { act }) });
    return this.write("DELETE", `inbox/${encodeURIComponent(ref)}/${query.size ? "?" : ""}${query}`);
  }

  /** @param {string[]} refs @param {number} [version] @param {string} [act] as above */
  read(refs, version, act = "") {
    return this.write("POST", "inbox/read/", { refs, version, ...(act && { act }) });
  }

  /**
   * Press a button of an item, which reads it. @param {string} ref @param {number} button
   * @param {Surface} [surface] @param {number} [version] @param {string} [act] as above
   */
  press(ref, button, surface, version, act = "") {
    return this.write("POST", `inbox/${encodeURIComponent(ref)}/pressed/`, { button, surface, version, ...(act && { act }) });
  }

  /**
   * Mark as read what was listed at `version`. @param {number} version @param {string} [type] only items of this type
   * @param {string} [act] as above
   */
  readUpTo(version, type = "", act = "") {
    return this.write("POST", "inbox/read/", { up_to: version, ...(type && { type }), ...(act && { act }) });
  }

  /**
   * Change all that a filter ({q, type, unread, …}, as in `GET inbox/`) listed at `version`, in the same language; or so many of
   * them, then `more` in the answer says whether to go on with the same `act`.
   * @param {object} filter @param {object} changes @param {number} version @param {string} [act] as above @param {number} [limit]
   */
  changeAll(filter, changes, version, act = "", limit = undefined) {
    const query = this.language ? `?${new URLSearchParams({ language: this.language })}` : "";
    const filtered = { filter: Object.fromEntries(known(filter)), ...changes, up_to: version, limit, ...(act && { act }) };
    return this.write("POST", `inbox/changes/${query}`, filtered);
  }

  /**
   * Change these, at most 1,000, in one transaction. @param {string[]} refs @param {object} changes
   * @param {number} [version] of what was shown @param {string} [act] as above
   */
  changeMany(refs, changes, version, act = "") {
    return this.write("POST", "inbox/changes/", { refs, ...changes, version, ...(act && { act }) });
  }

  /**
   * How many items a filter chooses. @param {InboxFilter} filter
   * @returns {Promise<{user: number|string, version: number, count: number, capped: boolean}>}
   */
  count(filter) {
    const query = new URLSearchParams(this.language && { language: this.language });
    for (const [name, value] of known(filter)) query.set(name, value === true ? "1" : value);
    return this.request(`inbox/count/?${query}`);
  }

  /** Undo a write, by `undo` of its answer. @param {string} token @param {string} [act] as above */
  undo(token, act = "") {
    return this.write("POST", "inbox/undo/", { undo: token, ...(act && { act }) });
  }

  /** What was listed at `version` was shown: it is no longer unseen. @param {number} version */
  seen(version) {
    return this.write("POST", "inbox/seen/", { up_to: version });
  }

  /** @returns {Promise<Preferences>} */
  preferences() {
    return this.request("preferences/");
  }

  /** Changes what is given; the rest stays. @param {Partial<Preferences>} changes */
  setPreferences(changes) {
    return this.write("PATCH", "preferences/", changes);
  }

  /** @param {string} subject @param {{for?: "day"|"week"|"ever", until?: string}} end */
  silence(subject, end) {
    return this.write("PUT", `silences/${encodeURIComponent(subject)}/`, end);
  }

  /** @param {string} subject */
  unsilence(subject) {
    return this.write("DELETE", `silences/${encodeURIComponent(subject)}/`);
  }
}

/**
 * What the API knows of a filter: texts, of which several are separated by commas and a Date is a moment; and flags that are set.
 * @param {Record<string, any>} filter @returns {[string, any][]}
 */
function known(filter) {
  const text = (value) => (value instanceof Date ? value.toISOString() : String(value));
  const texts = TEXTS.filter((name) => filter[name]).map((name) => [name, text(filter[name])]);
  return /** @type {any} */ ([...texts, ...FLAGS.filter((name) => filter[name]).map((name) => [name, true])]);
}

/** A token for an act, of 128 random bits. */
export function actToken() {
  const bytes = String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
