/**
 * The iframe stream ("forever frame"): a hidden document that never ends, whose scripts post each snapshot to this page
 * (push/transports/iframe.py). A Content-Security-Policy of the page must allow `frame-src 'self'`.
 * @import {Connection, Options, Reason, Observer} from "../client/types.js"
 */
import { Watchdog } from "../../inbox/shared/timing.js";
import { address } from "../client/addresses.js";
import { failureReason, pollBeside } from "../client/poll.js";
import { requestExtra, requestText, trace } from "../client/trace.js";

const FIRST_MESSAGE = 8; // seconds; a proxy that buffers streams never delivers one
// Seconds. The server sends "keep-alive" every 20; when a connection breaks, Chromium fires no event.
const SILENCE = 25;
const HEAD = 2800; // bytes of the response's head, and of the padding after which browsers run a document's scripts
const BLOCK = 128; // bytes of the script around a message

/** @param {URL} push @param {Observer} observer @param {Options} [options] @returns {Connection} */
export function openIframe(push, observer, { credential, ticket, language } = {}) {
  if (push.origin !== location.origin) throw new Error("the iframe transport needs a page of the same origin");
  const url = address("iframe/", push, { language, ticket });
  const frame = Object.assign(document.createElement("iframe"), { src: url.href, title: "Red Dot", tabIndex: -1 });
  frame.style.display = "none";
  const lifetime = new AbortController();
  const listen = { signal: lifetime.signal };
  let live = false;

  const stop = () => { lifetime.abort(); frame.remove(); };
  const close = () => { stop(); trace(observer, "close", true, "remove()"); };
  const end = (/** @type {Reason} */ reason, seconds = 0) => { stop(); observer.closed(reason, seconds); };
  const watchdog = new Watchdog(lifetime.signal, () => end("lost"));

  function start() {
    if (lifetime.signal.aborted) return;
    if (observer.trace) trace(observer, "handshake", true, requestText(url, { Accept: "text/html" }), requestExtra());
    watchdog.expect(FIRST_MESSAGE);
    document.body.append(frame);
  }

  /** @param {MessageEvent} event */
  function onMessage({ source, origin, data }) {
    if (source !== frame.contentWindow || origin !== push.origin) return;
    watchdog.expect(SILENCE);
    if (observer.trace) traceMessage(observer, data, live);
    if (data === "keep-alive") return;
    live = true;
    observer.snapshot(data);
  }

  /** The server ended the document, or refused it. */
  async function onLoad() {
    trace(observer, "close", false, "load");
    const lost = /** @type {[Reason, number]} */ (["lost", 0]);
    const [reason, seconds] = live ? lost : await failureReason(url, lifetime.signal);
    if (!lifetime.signal.aborted) end(reason, seconds);
  }

  async function sync() {
    const reason = await pollBeside(push, observer, { signal: lifetime.signal, credential });
    if (reason) end(reason);
  }

  addEventListener("message", onMessage, listen);
  frame.addEventListener("load", onLoad, listen);
  whenLoaded(lifetime.signal, start);
  return { sync, close };
}

/**
 * Call `call` once the page has loaded: with the frame in it, the page would never finish loading.
 * @param {AbortSignal} signal @param {() => void} call
 */
function whenLoaded(signal, call) {
  if (document.readyState === "complete") call();
  else addEventListener("load", call, { once: true, signal });
}

/** @param {Observer} observer @param {any} data @param {boolean} live */
function traceMessage(observer, data, live) {
  const text = `<script>parent.postMessage(${JSON.stringify(data)}, …)</script>`;
  trace(observer, data === "keep-alive" ? "heartbeat" : "frame", false, text, live ? BLOCK : HEAD + BLOCK);
}
