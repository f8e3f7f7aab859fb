/**
 * Client of the user's endpoints under /api/v1/ (documentation: /api/v1/docs). The session or ticket is the credential's
 * business, checking the items is item.js's.
 */
import { ApiError, jsonRequest, readJson, unreachable } from "./http.js";

/** Every method throws ApiError, or Unreachable without a network. Writes finish even if the user leaves the page. */
export class Api {
  /**
   * @param {URL} base ends with a slash
   * @param {{fetch: (url: URL, init?: RequestInit) => Promise<Response>}} credential may be replaced
   * @param {string} [language] of titles and texts
   */
  constructor(base, credential, language = "") {
    this.base = base;
    this.credential = credential;
    this.language = language;
  }

  /** The user's snapshot. */
  unread() {
    return this.#request("unread/");
  }

  /**
   * A page of items, newest first. `version` was read before the items; `next` is the cursor for `before`.
   * @param {number} limit @param {{before?: string, type?: string, unread?: boolean, archived?: boolean}} [filter]
   * @returns {Promise<{user: number|string, version: number, items: any[], next: string|null}>}
   */
  async inbox(limit, { before, type, unread, archived } = {}) {
    const query = new URLSearchParams({ limit: String(limit) });
    if (this.language) query.set("language", this.language);
    if (before) query.set("before", before);
    if (type) query.set("type", type);
    if (unread) query.set("unread", "1");
    if (archived) query.set("archived", "1");
    const page = await this.#request(`inbox/?${query}`);
    return Array.isArray(page?.items) ? page : unreachable();
  }

  /**
   * `changes`: {read}, {archived} or {deleted: false}. Returns the snapshot afterwards, as all writes do. `version` is that of
   * what was shown: if an announcement was shown again since, nothing is written (409).
   * @param {string} ref @param {object} changes @param {number} [version]
   */
  change(ref, changes, version) {
    return this.#write("PATCH", `inbox/${encodeURIComponent(ref)}/`, { ...changes, version });
  }

  /** @param {string} ref @param {number} [version] */
  remove(ref, version) {
    const query = version === undefined ? "" : `?version=${version}`;
    return this.#write("DELETE", `inbox/${encodeURIComponent(ref)}/${query}`);
  }

  /** @param {string[]} refs @param {number} [version] */
  read(refs, version) {
    return this.#write("POST", "inbox/read/", { refs, version });
  }

  /** Mark as read what was listed at `version`. @param {number} version @param {string} [type] only items of this type */
  readUpTo(version, type = "") {
    return this.#write("POST", "inbox/read/", { up_to: version, ...(type && { type }) });
  }

  /**
   * The banners and dialogs that the user has yet to answer. `version` was read before them.
   * @returns {Promise<{user: number|string, version: number, items: any[]}>}
   */
  async announcements() {
    const found = await this.#request(`inbox/announcements/?${new URLSearchParams(this.language && { language: this.language })}`);
    return Array.isArray(found?.items) ? found : unreachable();
  }

  /** Close the banner, or confirm the dialog, that was shown at `version`. @param {"close"|"confirm"} act */
  answer(act, ref, version) {
    return this.#write("POST", `inbox/announcements/${encodeURIComponent(ref)}/${act}/`, { version });
  }

  /** Note what was seen and clicked (reports.js). @param {object[]} events */
  async report(events) {
    await this.credential.fetch(new URL("inbox/events/", this.base), { ...jsonRequest("POST", { events }), keepalive: true });
  }

  #write(method, path, body) {
    return this.#request(path, { ...jsonRequest(method, body), keepalive: true });
  }

  /** @param {string} path @param {RequestInit} [init] */
  async #request(path, init = {}) {
    const headers = { Accept: "application/json", ...init.headers };
    const response = await this.credential.fetch(new URL(path, this.base), { ...init, headers }).catch(refused);
    return readJson(response);
  }
}

/** A credential may refuse before anything is sent. @returns {never} */
function refused(error) {
  if (error instanceof ApiError) throw error;
  return unreachable();
}
