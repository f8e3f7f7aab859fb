/** @import {Item, Snapshot} from "./types.js" */

/** Refused by the API: `status`, and the problem document's `detail` as message (RFC 9457). */
export class ApiError extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** The user's half of /api/v1/, as far as the bell needs it. Throws ApiError, or TypeError without a network. */
export class Api {
  /** @param {URL} base @param {() => string[]} tokens CSRF tokens, best first */
  constructor(base, tokens) {
    this.base = base;
    this.tokens = tokens;
  }

  /** @param {number} limit @returns {Promise<{version: number, items: Item[], next: string|null}>} newest first */
  async inbox(limit) {
    return answered(await fetch(new URL(`inbox/?limit=${limit}`, this.base), { cache: "no-store" }));
  }

  /** @param {string[]} refs @returns {Promise<Snapshot>} */
  read(refs) {
    return this.#post("inbox/read/", { refs });
  }

  /** @param {number} version what the user was shown @returns {Promise<Snapshot>} */
  readUpTo(version) {
    return this.#post("inbox/read/", { up_to: version });
  }

  /** A token may have been rotated by a sign-in in another tab, so a 403 tries the next one. */
  async #post(path, body) {
    let response;
    for (const token of this.tokens()) {
      response = await fetch(new URL(path, this.base), {
        method: "POST",
        keepalive: true, // finishes even if the page is left for the item's address
        headers: { "Content-Type": "application/json", "X-CSRFToken": token },
        body: JSON.stringify(body),
      });
      if (response.status !== 403) break;
    }
    return answered(response);
  }
}

/** @param {Response} response */
async function answered(response) {
  if (response.ok && !response.redirected) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(response.redirected ? 401 : response.status, problem.detail ?? response.statusText);
}

/**
 * The attribute first (it works with an HttpOnly cookie, or none), then the cookie.
 * @param {string|null} attribute @returns {string[]} never empty
 */
export function csrfTokens(attribute) {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  const tokens = [attribute, cookie].filter(Boolean);
  return tokens.length ? [...new Set(tokens)] : [""];
}
