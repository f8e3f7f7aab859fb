/**
 * Requests to this site's API: the CSRF token, JSON, and errors (RFC 9457). Which endpoints there are is in api.js.
 */
import { allowed } from "./allowed.js";
import { gettext } from "./i18n.js";

const SAFE_METHODS = new Set([undefined, "GET", "HEAD"]);

/**
 * The server refused. `message` is fit to be shown: the problem document's `detail`, or that of its first wrong value. `undo`: the
 * token that undoes what a write has changed before it failed.
 */
export class ApiError extends Error {
  /** @param {number} status @param {string} message @param {string} [undo] */
  constructor(status, message, undo = "") {
    super(message);
    this.status = status;
    this.undo = undo;
  }
}

/** No answer, or one that is not JSON. A TypeError, as `fetch` itself throws. */
export class Unreachable extends TypeError {
  status = 0;

  constructor() {
    super(gettext("Can’t reach the server."));
  }
}

/** The JSON of a response. Throws ApiError or Unreachable. @param {Response} response */
export async function readJson(response) {
  const status = response.redirected ? 401 : response.status; // some sites redirect anonymous requests to a login page
  if (status < 300) return response.json().catch(unreachable);
  if (status === 401) throw new ApiError(401, gettext("You are no longer signed in."));
  const problem = await response.json().catch(() => null);
  const wrong = problem?.errors?.[0]?.detail;
  throw new ApiError(status, wrong || problem?.detail || problem?.title || gettext("Something went wrong."), problem?.undo);
}

/** @returns {never} */
export function unreachable() {
  throw new Unreachable();
}

/** @param {string} method @param {object} [body] @returns {RequestInit} */
export function jsonRequest(method, body) {
  return body ? { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : { method };
}

/**
 * `fetch` with the session's cookie, and with a CSRF token if the method writes. A sign-in in another tab rotates the token,
 * so after a 403 the next of `tokens` is tried.
 * @param {URL|string} url @param {RequestInit} init @param {string[]} tokens @returns {Promise<Response>}
 */
export async function fetchInSession(url, init, tokens) {
  if (SAFE_METHODS.has(init.method)) return fetch(url, init);
  let response;
  for (const token of tokens) {
    response = await fetch(url, { ...init, headers: { ...init.headers, "X-CSRFToken": token } });
    if (response.status !== 403) break;
  }
  return response;
}

/**
 * The CSRF tokens to try: that of the cookie first, since a page's own may be older; that of the page for sites that hide
 * the cookie. @param {string|null} [given] the page's own @returns {string[]} never empty
 */
export function csrfTokens(given = null) {
  const cookie = cookies().match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  const tokens = [cookie, given].filter((token) => token != null && token !== "");
  return tokens.length ? [...new Set(tokens)] : [""];
}

/** The page's cookies, "" if the browser denies them. @returns {string} */
export function cookies() {
  return allowed(() => document.cookie) ?? "";
}
