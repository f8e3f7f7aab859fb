/**
 * The forever-frame: a hidden document that never ends, whose scripts hand each snapshot to this page
 * (push/transports/iframe.py). A Content-Security-Policy of the page must allow `frame-src 'self'`.
 * @import {Connection, Options, Reason, Sink} from "../client/types.js"
 */
import { address, askBeside, why } from "../client/poll.js";
import { Watchdog } from "../client/timing.js";
import { requestExtra, requestText, size, trace } from "../client/trace.js";

const FIRST_MESSAGE = 8; // seconds; a proxy that buffers streams never shows one
// Seconds; the server sends "keep-alive" every 20, and of a broken connection Chromium tells nothing: no load, no error.
const SILENCE = 25;
const HEAD = 2800; // bytes: the answer's head and the padding after which browsers begin to run a document
const BLOCK = 128; // bytes of the script around a message

/** @param {URL} push @param {Sink} sink @param {Options} [options] @returns {Connection} */
export function openIframe(push, sink, { credential, ticket, language } = {}) {
  if (push.origin !== location.origin) throw new Error("a frame of another origin says nothing to this page");
  const url = address("iframe/", push, { language, ticket });
  const frame = Object.assign(document.createElement("iframe"), { src: url.href, title: "Red Dot", tabIndex: -1 });
  frame.style.display = "none";
  const life = new AbortController();
  const listen = { signal: life.signal };
  let live = false;

  const stop = () => { life.abort(); frame.remove(); };
  const close = () => { stop(); trace(sink, "close", true, "remove()"); };
  const end = (/** @type {Reason} */ reason, seconds = 0) => { stop(); sink.closed(reason, seconds); };
  const dead = new Watchdog(life.signal, () => end("lost"));

  function begin() {
    if (life.signal.aborted) return;
    if (sink.trace) trace(sink, "handshake", true, requestText(url, { Accept: "text/html" }), requestExtra());
    dead.expect(FIRST_MESSAGE);
    document.body.append(frame);
  }

  /** @param {MessageEvent} event */
  function heard({ source, origin, data }) {
    if (source !== frame.contentWindow || origin !== push.origin) return;
    dead.expect(SILENCE);
    if (sink.trace) traceMessage(sink, data, live);
    if (data === "keep-alive") return;
    live = true;
    sink.snapshot(data);
  }

  /** The server has ended the document, or refused it. */
  async function loaded() {
    trace(sink, "close", false, "load");
    const [reason, seconds] = live ? /** @type {[Reason, number]} */ (["lost", 0]) : await why(url, life.signal);
    if (!life.signal.aborted) end(reason, seconds);
  }

  async function sync() {
    const reason = await askBeside(push, sink, { signal: life.signal, credential });
    if (reason) end(reason);
  }

  addEventListener("message", heard, listen);
  frame.addEventListener("load", loaded, listen);
  whenLoaded(life.signal, begin);
  return { sync, close };
}

/**
 * A page that is still loading would load for as long as the frame does.
 * @param {AbortSignal} signal @param {() => void} call
 */
function whenLoaded(signal, call) {
  if (document.readyState === "complete") call();
  else addEventListener("load", call, { once: true, signal });
}

/** @param {Sink} sink @param {any} data @param {boolean} live */
function traceMessage(sink, data, live) {
  const text = `<script>parent.postMessage(${JSON.stringify(data)}, …)</script>`;
  trace(sink, data === "keep-alive" ? "heartbeat" : "frame", false, text, live ? BLOCK : HEAD + BLOCK);
}
