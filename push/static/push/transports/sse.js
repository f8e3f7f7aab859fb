/** Server-sent events (WHATWG HTML, EventSource). @import {Connection, Options, Reason, Sink} from "../client/types.js" */
import { address, askBeside, why } from "../client/poll.js";
import { Watchdog } from "../client/timing.js";
import { requestExtra, requestText, trace } from "../client/trace.js";

const FIRST_EVENT = 8; // seconds; a proxy that buffers streams never shows one
const SILENCE = 45; // seconds; the server sends keep-alive every 20
const HEAD = 260; // bytes of the answer's head

/**
 * EventSource reconnects in its own way, and gives up for good on 401, 403 and 429 without telling the status;
 * so its first error ends this connection, and the ladder owns the reconnecting.
 * @param {URL} push @param {Sink} sink @param {Options} [options] @returns {Connection}
 */
export function openEventSource(push, sink, { credential, ticket, language } = {}) {
  const url = address("sse/", push, { language, ticket });
  const source = new EventSource(url);
  const life = new AbortController();
  const listen = { signal: life.signal };

  const stop = () => { life.abort(); source.close(); };
  const close = () => { stop(); trace(sink, "close", true, "close()"); };
  const end = (/** @type {Reason} */ reason, seconds = 0) => { stop(); sink.closed(reason, seconds); };
  const dead = new Watchdog(life.signal, () => end("lost"));

  function opened() {
    trace(sink, "handshake", false, "200 OK\nContent-Type: text/event-stream", HEAD);
  }

  /** @param {MessageEvent} event */
  function heard({ type, lastEventId, data }) {
    dead.expect(SILENCE);
    if (type === "keep-alive") return trace(sink, "heartbeat", false, `event: ${type}\ndata: ${data}\n\n`);
    trace(sink, "frame", false, `event: ${type}\nid: ${lastEventId}\ndata: ${data}\n\n`);
    sink.snapshot(JSON.parse(data));
  }

  async function failed() {
    const refused = source.readyState === EventSource.CLOSED;
    trace(sink, "close", false, refused ? "refused" : "connection lost");
    source.close();
    const [reason, seconds] = refused ? await why(url, life.signal) : /** @type {[Reason, number]} */ (["lost", 0]);
    if (!life.signal.aborted) end(reason, seconds);
  }

  async function sync() {
    const reason = await askBeside(push, sink, { signal: life.signal, credential });
    if (reason) end(reason);
  }

  if (sink.trace) trace(sink, "handshake", true, requestText(url, { Accept: "text/event-stream" }), requestExtra());
  dead.expect(FIRST_EVENT);
  source.addEventListener("open", opened, listen);
  for (const name of ["unread", "keep-alive"]) source.addEventListener(name, heard, listen);
  source.addEventListener("stream-error", () => end("lost"), listen);
  source.addEventListener("error", failed, listen);
  return { sync, close };
}
