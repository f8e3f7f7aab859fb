/** @import {Reason, Snapshot} from "./types.js" */

/**
 * @typedef {object} Answer
 * @property {Snapshot} [snapshot]   absent: unchanged (304), or refused
 * @property {Reason} [reason]       present: no state to be had
 * @property {number} [retryAfter]   seconds
 * @property {string|null} [etag]
 * @property {number} [interval]     seconds until a short poll should ask again
 */

const PATIENCE = 10; // seconds beyond the wait asked for

/**
 * One GET of /push/poll/, the resource of both polls; never throws.
 * @param {URL} push @param {{etag?: string|null, wait?: number, signal: AbortSignal}} options  wait in seconds (RFC 7240)
 * @returns {Promise<Answer>}
 */
export async function poll(push, { etag = null, wait = 0, signal }) {
  const headers = { Accept: "application/json" };
  if (etag) headers["If-None-Match"] = etag;
  if (etag && wait) headers.Prefer = `wait=${wait}`;
  const limit = AbortSignal.any([signal, AbortSignal.timeout((wait + PATIENCE) * 1000)]);
  try {
    return await read(await fetch(new URL("poll/", push), { headers, signal: limit, cache: "no-store" }));
  } catch {
    return { reason: "lost" };
  }
}

/** @param {Response} response @returns {Promise<Answer>} */
async function read(response) {
  const reason = reasonOf(response);
  if (reason) return { reason, retryAfter: retryAfter(response) };
  const snapshot = response.status === 200 ? await response.json() : undefined;
  return { snapshot, etag: response.headers.get("ETag"), interval: Number(response.headers.get("X-Poll-Interval")) };
}

/** What an HTTP answer refuses with, or undefined. @param {Response} response @returns {Reason|undefined} */
export function reasonOf({ status, redirected }) {
  if (redirected) return "signed-out"; // a log-in page, by a site that redirects the anonymous
  if (status === 200 || status === 304) return undefined;
  if (status >= 500) return "lost";
  return { 401: "signed-out", 403: "refused", 429: "busy" }[status] ?? "unsupported";
}

/** @param {Response} response */
export function retryAfter(response) {
  return Number(response.headers.get("Retry-After")) || 0;
}
