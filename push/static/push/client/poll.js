/** @import {Reason, Sink, Snapshot} from "./types.js" */
import { headSize, requestExtra, requestText, trace } from "./trace.js";

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
 * @param {URL} push
 * @param {{etag?: string|null, wait?: number, signal: AbortSignal, sink?: Sink}} options
 *   wait in seconds (RFC 7240); the sink only watches
 * @returns {Promise<Answer>}
 */
export async function poll(push, { etag = null, wait = 0, signal, sink }) {
  const url = new URL("poll/", push);
  const headers = { Accept: "application/json" };
  if (etag) headers["If-None-Match"] = etag;
  if (etag && wait) headers.Prefer = `wait=${wait}`;
  const limit = AbortSignal.any([signal, AbortSignal.timeout((wait + PATIENCE) * 1000)]);
  if (sink?.trace) trace(sink, "request", true, requestText(url, headers), requestExtra());
  try {
    return await read(await fetch(url, { headers, signal: limit, cache: "no-store" }), sink);
  } catch {
    return { reason: "lost" };
  }
}

/** @param {Response} response @param {Sink} [sink] @returns {Promise<Answer>} */
async function read(response, sink) {
  const reason = reasonOf(response);
  const text = response.status === 200 ? await response.text() : "";
  if (sink?.trace) traceAnswer(sink, response, text);
  if (reason) return { reason, retryAfter: retryAfter(response) };
  const snapshot = text ? JSON.parse(text) : undefined;
  return { snapshot, etag: response.headers.get("ETag"), interval: Number(response.headers.get("X-Poll-Interval")) };
}

/** "Nothing new" is what keeps a poll alive. @param {Sink} sink @param {Response} response @param {string} text */
function traceAnswer(sink, { status, statusText, headers }, text) {
  const kind = { 200: "frame", 304: "heartbeat" }[status] ?? "close";
  const etag = headers.get("ETag");
  const lines = [`${status} ${statusText}`.trim(), etag && `ETag: ${etag}`, text].filter(Boolean);
  trace(sink, /** @type {any} */ (kind), false, lines.join("\n"), headSize(headers));
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
