/** WebSocket (RFC 6455), subprotocol reddot.v1.json. @import {Connection, Reason, Sink} from "../client/types.js" */
import { Watchdog } from "../client/timing.js";

const FIRST_FRAME = 8; // seconds from `new WebSocket` to the first snapshot
const HEARTBEAT = 25; // seconds of silence before a ping
const PONG = 8; // seconds for any frame after a ping

/** @type {Record<number, Reason>} */
const REASONS = { 4401: "signed-out", 4403: "refused", 4429: "busy" };

/** @param {URL} push @param {Sink} sink @returns {Connection} */
export function openWebSocket(push, sink) {
  const socket = new WebSocket(address(push), ["reddot.v1.json"]);
  const life = new AbortController();
  const listen = { signal: life.signal };

  const close = () => { life.abort(); socket.close(); };
  const end = (/** @type {Reason} */ reason) => { close(); sink.closed(reason); };
  const quiet = new Watchdog(life.signal, () => beat());
  const dead = new Watchdog(life.signal, () => end("lost"));

  function beat() {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send('{"type":"ping"}');
    dead.expect(PONG);
    quiet.expect(HEARTBEAT);
  }

  function heard({ data }) {
    dead.expect(HEARTBEAT + PONG);
    quiet.expect(HEARTBEAT);
    const { type, ...snapshot } = JSON.parse(data);
    if (type === "unread") sink.snapshot(/** @type {any} */ (snapshot));
  }

  function sync() {
    if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"sync"}');
    beat();
  }

  dead.expect(FIRST_FRAME);
  socket.addEventListener("message", heard, listen);
  socket.addEventListener("close", ({ code }) => end(REASONS[code] ?? "lost"), listen);
  return { sync, close };
}

/** @param {URL} push */
function address(push) {
  const url = new URL("ws/", push);
  url.protocol = url.protocol.replace("http", "ws");
  return url;
}
