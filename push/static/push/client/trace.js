/**
 * Events for a wire log (`observer.trace`): what a connection sends and receives, as near to the wire as JavaScript can see.
 * @import {Observer, TraceEvent} from "./types.js"
 */
import { cookies } from "../../inbox/shared/http.js";

const BROWSER_HEADERS = 416; // bytes: Host, Accept-*, Sec-*, Referer … as Chromium 156 sends them with a fetch
const SESSION_COOKIE = 44; // bytes of Django's; scripts can't read it

/**
 * @param {Observer} observer @param {TraceEvent["kind"]} kind @param {boolean} up sent by the browser
 * @param {string} text @param {number} [more] bytes around the text on the wire
 */
export function trace(observer, kind, up, text, more = 0) {
  observer.trace?.({ kind, up, text, bytes: size(text) + more });
}

/** Bytes of a text in UTF-8. @param {string} text */
export function size(text) {
  return new TextEncoder().encode(text).length;
}

/** A GET as text, without the headers that the browser adds. @param {URL} url @param {Record<string, string>} [headers] */
export function requestText({ pathname }, headers = {}) {
  return [`GET ${pathname}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join("\n");
}

/** Bytes of the headers that the browser adds to a request. */
export function requestExtra() {
  return BROWSER_HEADERS + navigator.userAgent.length + SESSION_COOKIE + cookies().length;
}

/** Bytes of the head of a response. @param {Headers} headers */
export function headSize(headers) {
  return [...headers].reduce((sum, [name, value]) => sum + name.length + value.length + 4, 17);
}

/** Bytes of a WebSocket frame beside its payload (RFC 6455, 5.2). @param {number} length @param {boolean} up masked */
export function frameExtra(length, up) {
  return (length < 126 ? 2 : length < 65_536 ? 4 : 10) + (up ? 4 : 0);
}
