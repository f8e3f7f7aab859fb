/** @import {Credential, Reason, Sink, Snapshot, Ticket} from "./types.js" */
import { COOKIE } from "./credential.js";
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
const HEAD = 8; // seconds for the head of an answer

/**
 * One GET of /push/poll/, the resource of both polls; never throws.
 * @param {URL} push
 * @param {{etag?: string|null, wait?: number, signal: AbortSignal, credential?: Credential, language?: string,
 *   sink?: Sink}} options  wait in seconds (RFC 7240); language of the item that a wait may bring; the sink only watches
 * @returns {Promise<Answer>}
 */
export async function poll(push, { etag = null, wait = 0, signal, credential = COOKIE, language, sink }) {
  const url = address("poll/", push, { language });
  const headers = { Accept: "application/json" };
  if (etag) headers["If-None-Match"] = etag;
  if (etag && wait) headers.Prefer = `wait=${wait}`;
  const limit = AbortSignal.any([signal, AbortSignal.timeout((wait + PATIENCE) * 1000)]);
  if (sink?.trace) trace(sink, "request", true, requestText(url, headers), requestExtra());
  try {
    return await read(await credential.fetch(url, { headers, signal: limit, cache: "no-store" }), sink);
  } catch (error) {
    return { reason: reasonOfError(error) };
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

/** Why nothing was answered at all; an ApiError comes from those who mint tickets. @param {any} error @returns {Reason} */
export function reasonOfError(error) {
  return (error.status && reasonOf(error)) || "lost";
}

/** @param {Response} response */
export function retryAfter(response) {
  return Number(response.headers.get("Retry-After")) || 0;
}

/**
 * A stream cannot be asked anything, so this asks beside it. @param {URL} push @param {Sink} sink
 * @param {{signal: AbortSignal, credential?: Credential}} options
 * @returns {Promise<Reason|undefined>} why the stream should end
 */
export async function askBeside(push, sink, options) {
  const { snapshot, reason } = await poll(push, { ...options, sink });
  if (options.signal.aborted) return undefined;
  if (snapshot) sink.snapshot(snapshot);
  return reason;
}

/**
 * The status that EventSource and frames hide, and Retry-After: asks once more and reads the head only.
 * @param {URL} url @param {AbortSignal} signal @returns {Promise<[Reason, number]>}
 */
export async function why(url, signal) {
  const head = new AbortController();
  const limit = AbortSignal.any([signal, head.signal, AbortSignal.timeout(HEAD * 1000)]);
  try {
    const response = await fetch(url, { cache: "no-store", signal: limit });
    return [reasonOf(response) ?? "lost", retryAfter(response)];
  } catch {
    return ["lost", 0];
  } finally {
    head.abort();
  }
}

/**
 * Where a transport is, with what it can't say in a header.
 * @param {string} path @param {URL} push @param {{language?: string, ticket?: Ticket}} [options]
 */
export function address(path, push, { language, ticket } = {}) {
  const url = new URL(path, push);
  if (language) url.searchParams.set("language", language);
  if (ticket) url.searchParams.set("ticket", ticket.text);
  return url;
}
