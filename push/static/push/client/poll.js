/**
 * Single requests to /push/poll/, and what their status means. Polling again is the transports' business.
 * @import {Credential, Reason, Observer, Snapshot} from "./types.js"
 */
import { address } from "./addresses.js";
import { SESSION } from "./credential.js";
import { headSize, requestExtra, requestText, trace } from "./trace.js";

/**
 * @typedef {object} Answer
 * @property {Snapshot} [snapshot]   absent: unchanged (304), or refused
 * @property {Reason} [reason]       why there is no state; absent: there is one
 * @property {number} [retryAfter]   seconds
 * @property {string|null} [etag]
 * @property {number} [interval]     seconds until the next short poll
 */

const TIMEOUT = 10; // seconds, beyond the wait asked for
const HEAD_TIMEOUT = 8; // seconds for the head of a response

/**
 * One GET of /push/poll/. Never throws.
 * @param {URL} push
 * @param {{etag?: string|null, wait?: number, signal: AbortSignal, credential?: Credential, language?: string,
 *   observer?: Observer}} options  wait: seconds (RFC 7240); language: of the item that a wait brings; observer: for the trace
 * @returns {Promise<Answer>}
 */
export async function poll(push, { etag = null, wait = 0, signal, credential = SESSION, language, observer }) {
  const url = address("poll/", push, { language });
  const headers = { Accept: "application/json" };
  if (etag) headers["If-None-Match"] = etag;
  if (etag && wait) headers.Prefer = `wait=${wait}`;
  const limit = AbortSignal.any([signal, AbortSignal.timeout((wait + TIMEOUT) * 1000)]);
  if (observer?.trace) trace(observer, "request", true, requestText(url, headers), requestExtra());
  try {
    return await read(await credential.fetch(url, { headers, signal: limit, cache: "no-store" }), observer);
  } catch (error) {
    return { reason: reasonOfError(error) };
  }
}

/** @param {Response} response @param {Observer} [observer] @returns {Promise<Answer>} */
async function read(response, observer) {
  const reason = reasonOf(response);
  const text = response.status === 200 ? await response.text() : "";
  if (observer?.trace) traceResponse(observer, response, text);
  if (reason) return { reason, retryAfter: retryAfter(response) };
  const snapshot = text ? JSON.parse(text) : undefined;
  return { snapshot, etag: response.headers.get("ETag"), interval: Number(response.headers.get("X-Poll-Interval")) };
}

/** An unchanged state (304) is a poll's heartbeat. @param {Observer} observer @param {Response} response @param {string} text */
function traceResponse(observer, { status, statusText, headers }, text) {
  const kind = { 200: "frame", 304: "heartbeat" }[status] ?? "close";
  const etag = headers.get("ETag");
  const lines = [`${status} ${statusText}`.trim(), etag && `ETag: ${etag}`, text].filter(Boolean);
  trace(observer, /** @type {any} */ (kind), false, lines.join("\n"), headSize(headers));
}

/** What a response refuses with, or undefined. @param {Response} response @returns {Reason|undefined} */
export function reasonOf({ status, redirected }) {
  if (redirected) return "signed-out"; // to a login page
  if (status === 200 || status === 304) return undefined;
  if (status >= 500) return "lost";
  return { 401: "signed-out", 403: "refused", 429: "busy" }[status] ?? "unsupported";
}

/** What an error means; an ApiError is about a ticket. @param {any} error @returns {Reason} */
export function reasonOfError(error) {
  return (error.status && reasonOf(error)) || "lost";
}

/** @param {Response} response */
export function retryAfter(response) {
  return Number(response.headers.get("Retry-After")) || 0;
}

/**
 * Get the current state for a connection on which nothing can be requested.
 * @param {URL} push @param {Observer} observer @param {{signal: AbortSignal, credential?: Credential}} options
 * @returns {Promise<Reason|undefined>} why the connection should be closed
 */
export async function pollBeside(push, observer, options) {
  const { snapshot, reason } = await poll(push, { ...options, observer });
  if (options.signal.aborted) return undefined;
  if (snapshot) observer.snapshot(snapshot);
  return reason;
}

/**
 * Why EventSource or a frame failed: both hide the status and Retry-After. Requests the same address again and reads only
 * the head of the response.
 * @param {URL} url @param {AbortSignal} signal @returns {Promise<[Reason, number]>} the reason, and seconds until a retry
 */
export async function failureReason(url, signal) {
  const head = new AbortController();
  const limit = AbortSignal.any([signal, head.signal, AbortSignal.timeout(HEAD_TIMEOUT * 1000)]);
  try {
    const response = await fetch(url, { cache: "no-store", signal: limit });
    return [reasonOf(response) ?? "lost", retryAfter(response)];
  } catch {
    return ["lost", 0];
  } finally {
    head.abort();
  }
}
