/**
 * Client of the user's endpoints under /api/v1/ (documentation: /api/v1/docs), as far as every page needs them; inbox-api.js has
 * those of the list. The session or ticket is the credential's business, checking the items is item.js's.
 */
import { ApiError, jsonRequest, readJson, unreachable } from "./http.js";

const LIMIT = 60; // seconds for an answer to a write: as long as servers wait for each other; an act on thousands takes several

/** Every method throws ApiError, or Unreachable without a network. Writes finish even if the user leaves the page. */
export class Api {
  /** How many writes of this page have no answer yet. */
  static writing = 0;

  /**
   * @param {URL} base ends with a slash
   * @param {{fetch: (url: URL, init?: RequestInit) => Promise<Response>}} credential may be replaced
   * @param {string} [language] of titles and texts
   */
  constructor(base, credential, language = "") {
    this.base = base;
    this.credential = credential;
    this.language = language;
    /** The address of the inbox page, to which links in items are relative. @type {string|URL} */
    this.site = base;
    /** Called with the answer to each write, a snapshot. @type {(answer: any) => void} */
    this.written = () => {};
  }

  /** The user's snapshot. */
  unread() {
    return this.request("unread/");
  }

  /**
   * The banners and dialogs that the user has yet to answer. `version` was read before them.
   * @returns {Promise<{user: number|string, version: number, items: any[]}>}
   */
  async announcements() {
    const found = await this.request(`inbox/announcements/?${new URLSearchParams(this.language && { language: this.language })}`);
    return Array.isArray(found?.items) ? found : unreachable();
  }

  /** Close the banner, or confirm the dialog, that was shown at `version`. @param {"close"|"confirm"} act */
  answer(act, ref, version) {
    return this.write("POST", `inbox/announcements/${encodeURIComponent(ref)}/${act}/`, { version });
  }

  /** Read what a page has shown. @param {string} visit what `{% visited %}` has put into it @param {string} [act] a token of one's own */
  visited(visit, act = "") {
    return this.write("POST", "inbox/visited/", { visit, ...(act && { act }) });
  }

  /** @param {string} subject "blog.post:7" */
  follow(subject) {
    return this.write("PUT", `following/${encodeURIComponent(subject)}/`);
  }

  /** @param {string} subject */
  unfollow(subject) {
    return this.write("DELETE", `following/${encodeURIComponent(subject)}/`);
  }

  /** Note what was seen and clicked (reports.js). @param {object[]} events */
  async report(events) {
    await this.credential.fetch(new URL("inbox/events/", this.base), { ...jsonRequest("POST", { events }), keepalive: true });
  }

  /** @param {string} method @param {string} path @param {object} [body] */
  async write(method, path, body) {
    Api.writing += 1;
    try {
      const answer = await this.request(path, { ...jsonRequest(method, body), keepalive: true, signal: AbortSignal.timeout(LIMIT * 1000) });
      this.written(answer);
      return answer;
    } finally {
      Api.writing -= 1;
    }
  }

  /** @param {string} path @param {RequestInit} [init] */
  async request(path, init = {}) {
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
