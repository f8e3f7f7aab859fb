/** Server-sent events (WHATWG HTML, EventSource). @import {Connection, Options, Reason, Observer} from "../client/types.js" */
import { Watchdog } from "../../inbox/shared/timing.js";
import { address } from "../client/addresses.js";
import { failureReason, pollBeside } from "../client/poll.js";
import { requestExtra, requestText, trace } from "../client/trace.js";

const FIRST_EVENT = 8; // seconds; a proxy that buffers streams never delivers one
const SILENCE = 45; // seconds; the server sends keep-alive every 20
const HEAD = 260; // bytes of the response's head

/**
 * EventSource reconnects by itself, but stops for good on 401, 403 and 429 without reporting the status. So its first error
 * closes this connection, and the ladder reconnects.
 * @param {URL} push @param {Observer} observer @param {Options} [options] @returns {Connection}
 */
export function openEventSource(push, observer, { credential, ticket, language } = {}) {
  const url = address("sse/", push, { language, ticket });
  const source = new EventSource(url);
  const lifetime = new AbortController();
  const listen = { signal: lifetime.signal };

  const stop = () => { lifetime.abort(); source.close(); };
  const close = () => { stop(); trace(observer, "close", true, "close()"); };
  const end = (/** @type {Reason} */ reason, seconds = 0) => { stop(); observer.closed(reason, seconds); };
  const watchdog = new Watchdog(lifetime.signal, () => end("lost"));

  function onOpen() {
    trace(observer, "handshake", false, "200 OK\nContent-Type: text/event-stream", HEAD);
  }

  /** @param {MessageEvent} event */
  function onEvent({ type, lastEventId, data }) {
    watchdog.expect(SILENCE);
    if (type === "keep-alive") return trace(observer, "heartbeat", false, `event: ${type}\ndata: ${data}\n\n`);
    trace(observer, "frame", false, `event: ${type}\nid: ${lastEventId}\ndata: ${data}\n\n`);
    observer.snapshot(JSON.parse(data));
  }

  async function onError() {
    const refused = source.readyState === EventSource.CLOSED;
    trace(observer, "close", false, refused ? "refused" : "connection lost");
    source.close();
    const lost = /** @type {[Reason, number]} */ (["lost", 0]);
    const [reason, seconds] = refused ? await failureReason(url, lifetime.signal) : lost;
    if (!lifetime.signal.aborted) end(reason, seconds);
  }

  async function sync() {
    const reason = await pollBeside(push, observer, { signal: lifetime.signal, credential });
    if (reason) end(reason);
  }

  if (observer.trace) trace(observer, "handshake", true, requestText(url, { Accept: "text/event-stream" }), requestExtra());
  watchdog.expect(FIRST_EVENT);
  source.addEventListener("open", onOpen, listen);
  for (const name of ["unread", "keep-alive"]) source.addEventListener(name, onEvent, listen);
  source.addEventListener("stream-error", () => end("lost"), listen);
  source.addEventListener("error", onError, listen);
  return { sync, close };
}
