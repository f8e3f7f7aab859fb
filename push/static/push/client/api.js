/** @import {Credential, Item, Snapshot} from "./types.js" */
import { answered, json } from "./http.js";

/** The user's half of /api/v1/, as far as the bell needs it. Throws ApiError, or TypeError without a network. */
export class Api {
  /** @param {URL} base @param {Credential} credential may be exchanged for another */
  constructor(base, credential) {
    this.base = base;
    this.credential = credential;
  }

  /** @param {number} limit @returns {Promise<{version: number, items: Item[], next: string|null}>} newest first */
  inbox(limit) {
    return this.#ask(`inbox/?limit=${limit}`, { cache: "no-store" });
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
