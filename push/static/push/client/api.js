/** @import {Credential, Item, Snapshot} from "./types.js" */
import { answered, json } from "./http.js";

/** The user's half of /api/v1/, as far as the bell needs it. Throws ApiError, or TypeError without a network. */
export class Api {
  /** @param {URL} base @param {Credential} credential may be exchanged for another @param {string} [language] of titles and texts */
  constructor(base, credential, language = "") {
    this.base = base;
    this.credential = credential;
    this.language = language;
  }

  /** @param {number} limit @returns {Promise<{version: number, items: Item[], next: string|null}>} newest first */
  inbox(limit) {
    const query = new URLSearchParams({ limit: String(limit), ...(this.language && { language: this.language }) });
    return this.#ask(`inbox/?${query}`, { cache: "no-store" });
  }

  /** @param {string[]} refs @returns {Promise<Snapshot>} */
  read(refs) {
    return this.#post("inbox/read/", { refs });
  }

  /** @param {number} version what the user was shown @returns {Promise<Snapshot>} */
  readUpTo(version) {
    return this.#post("inbox/read/", { up_to: version });
  }

  /** Finishes even if the page is left for the item's address. */
  #post(path, body) {
    return this.#ask(path, { ...json("POST", body), keepalive: true });
  }

  /** @param {string} path @param {RequestInit} init */
  async #ask(path, init) {
    return answered(await this.credential.fetch(new URL(path, this.base), init));
  }
}
