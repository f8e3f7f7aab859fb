/**
 * WebSocket (RFC 6455), subprotocol reddot.v1.json.
 * @import {Connection, Options, Reason, Observer, Ticket} from "../client/types.js"
 */
import { Watchdog } from "../../inbox/shared/timing.js";
import { socketAddress } from "../client/addresses.js";
import { frameExtra, requestExtra, requestText, trace } from "../client/trace.js";

const PROTOCOL = "reddot.v1.json";
const FIRST_FRAME = 8; // seconds from `new WebSocket` to the first snapshot
const HEARTBEAT = 25; // seconds of silence before a ping
const PONG = 8; // seconds for any frame after a ping
const ACCEPT = 85; // bytes of Connection, Sec-WebSocket-Accept and Server in the response

/** @type {Record<number, Reason>} */
const REASONS = { 4401: "signed-out", 4403: "refused", 4429: "busy" };

/** @param {URL} push @param {Observer} observer @param {Options} [options] @returns {Connection} */
export function openWebSocket(push, observer, { ticket, language } = {}) {
  const url = socketAddress(push, language);
  const protocols = [PROTOCOL, ...(ticket ? [`reddot.ticket.${ticket.text}`] : [])];
  const socket = new WebSocket(url, protocols);
  const lifetime = new AbortController();
  const listen = { signal: lifetime.signal };

  const stop = () => { lifetime.abort(); socket.close(); };
  const close = () => { stop(); traceFrame(observer, "close", true, ""); };
  const end = (/** @type {Reason} */ reason) => { stop(); observer.closed(reason); };
  const heartbeat = new Watchdog(lifetime.signal, () => ping());
  const watchdog = new Watchdog(lifetime.signal, () => end("lost"));

  function send(kind, text) {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(text);
    traceFrame(observer, kind, true, text);
  }

  function ping() {
    if (socket.readyState !== WebSocket.OPEN) return;
    send("heartbeat", '{"type":"ping"}');
    watchdog.expect(PONG);
    heartbeat.expect(HEARTBEAT);
  }

  function onMessage({ data }) {
    watchdog.expect(HEARTBEAT + PONG);
    heartbeat.expect(HEARTBEAT);
    const { type, ...snapshot } = JSON.parse(data);
    traceFrame(observer, type === "pong" ? "heartbeat" : "frame", false, data);
    if (type === "unread") observer.snapshot(/** @type {any} */ (snapshot));
  }

  function sync() {
    send("frame", '{"type":"sync"}');
    ping();
  }

  function onClose({ code, reason }) {
    traceFrame(observer, "close", false, `${code} ${reason}`.trim());
    end(REASONS[code] ?? "lost");
  }

  if (observer.trace) traceHandshake(observer, url, ticket);
  watchdog.expect(FIRST_FRAME);
  socket.addEventListener("open", () => traceAccepted(observer, socket.protocol), listen);
  socket.addEventListener("message", onMessage, listen);
  socket.addEventListener("close", onClose, listen);
  return { sync, close };
}

/** @param {Observer} observer @param {"frame"|"heartbeat"|"close"} kind @param {boolean} up @param {string} text */
function traceFrame(observer, kind, up, text) {
  if (observer.trace) trace(observer, kind, up, text, frameExtra(text.length, up));
}

/** Without the ticket's text. @param {Observer} observer @param {URL} url @param {Ticket} [ticket] */
function traceHandshake(observer, url, ticket) {
  const protocols = ticket ? `${PROTOCOL}, reddot.ticket.…` : PROTOCOL;
  const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": protocols };
  trace(observer, "handshake", true, requestText(url, headers), requestExtra() + (ticket?.text.length ?? 0));
}

/** @param {Observer} observer @param {string} protocol the subprotocol that the server chose */
function traceAccepted(observer, protocol) {
  const head = "101 Switching Protocols\nUpgrade: websocket";
  trace(observer, "handshake", false, protocol ? `${head}\nSec-WebSocket-Protocol: ${protocol}` : head, ACCEPT);
}
