/**
 * MQTT 3.1.1 over WebSocket: the broker keeps the newest snapshot of each user (retained), and sends it on. Numbers in
 * brackets are sections of the standard (OASIS, 2014).
 * @import {Connection, Credential, Options, Reason, Sink, Snapshot, Ticket} from "../client/types.js"
 * @import {Packet} from "../mqtt/packets.js"
 */
import { askBeside } from "../client/poll.js";
import { ticketed } from "../client/ticketed.js";
import { Watchdog } from "../client/timing.js";
import { frameExtra, requestExtra } from "../client/trace.js";
import { described } from "../mqtt/describe.js";
import * as mqtt from "../mqtt/packets.js";

const FIRST_PACKET = 8; // seconds from `new WebSocket`
const KEEP_ALIVE = 15; // seconds; a broker gives a client up after one and a half times that [3.1.2.10], RabbitMQ after three
const HEARTBEAT = 10; // seconds after the last packet to the broker
const PONG = 8; // seconds for any packet after a PINGREQ
const QOS = 1;
const FAILURE = 0x80; // in a SUBACK [3.9.3]

/** Return codes of a CONNACK [3.2.2.3]. @type {Record<number, Reason>} */
const REASONS = { 1: "unsupported", 2: "unsupported", 4: "signed-out", 5: "signed-out" };

/**
 * Needs `mqttUrl`. The password is a ticket, whatever the page itself shows.
 * @param {URL} push @param {Sink} sink @param {Options} [options] @returns {Connection}
 */
export function openMqtt(push, sink, options = {}) {
  if (!options.mqttUrl) throw new Error("no broker is known: mqttUrl is missing");
  return openWithTicket(push, sink, options);
}

const begin = (/** @type {[URL, Sink, Options]} */ ...connection) => new MqttConnection(...connection);
const openWithTicket = ticketed(begin, { purpose: "mqtt" }, true);

/** @implements {Connection} */
class MqttConnection {
  #life = new AbortController();
  #reader = new mqtt.PacketReader();
  #quiet = new Watchdog(this.#life.signal, () => this.#beat());
  #dead = new Watchdog(this.#life.signal, () => this.#end("lost"));
  #live = false;

  /** What to do with what comes. @type {Record<number, (packet: Packet) => void>} */
  #handlers = {
    [mqtt.CONNACK]: (packet) => this.#onConnack(packet),
    [mqtt.SUBACK]: (packet) => this.#onSuback(packet),
    [mqtt.PUBLISH]: (packet) => this.#onPublish(packet),
    // Set again here, outside of a chain of timers: those run once a minute in hidden tabs.
    [mqtt.PINGRESP]: () => this.#quiet.expect(HEARTBEAT),
  };

  /** @param {URL} push @param {Sink} sink @param {Options} options */
  constructor(push, sink, { mqttUrl, ticket, user, credential }) {
    this.socket = Object.assign(new WebSocket(mqttUrl, ["mqtt"]), { binaryType: "arraybuffer" });
    this.push = push;
    this.sink = sink;
    this.credential = credential;
    this.password = ticket.text;
    this.user = ticket.user || String(user);
    this.topic = `inbox/${this.user}/unread`;
    this.#listen({ signal: this.#life.signal });
    this.#dead.expect(FIRST_PACKET);
  }

  sync() {
    this.#beat();
    this.#ask();
  }

  close() {
    this.#send(mqtt.bare(mqtt.DISCONNECT));
    this.#stop();
  }

  /** @param {AddEventListenerOptions} listen */
  #listen(listen) {
    this.socket.addEventListener("open", () => this.#connect(), listen);
    this.socket.addEventListener("message", ({ data }) => this.#onMessage(data), listen);
    this.socket.addEventListener("close", ({ code }) => this.#onClose(code), listen);
  }

  #stop() {
    this.#life.abort();
    this.socket.close();
  }

  /** @param {Reason} reason */
  #end(reason) {
    this.#stop();
    this.sink.closed(reason);
  }

  /** @param {Uint8Array<ArrayBuffer>} packet */
  #send(packet) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(packet);
    this.#quiet.expect(HEARTBEAT);
    if (this.sink.trace) for (const each of new mqtt.PacketReader().take(packet.buffer)) this.#trace(each, true);
  }

  #connect() {
    const { user, password } = this;
    this.#send(mqtt.connect({ client: clientId(user), user, password, keepAlive: KEEP_ALIVE }));
  }

  #beat() {
    this.#send(mqtt.bare(mqtt.PINGREQ));
    this.#dead.expect(PONG);
  }

  /** Only binary frames carry packets; what is malformed ends the connection [6]. @param {any} data */
  #onMessage(data) {
    this.#dead.expect(HEARTBEAT + PONG);
    try {
      for (const packet of this.#reader.take(data)) this.#onPacket(packet);
    } catch {
      this.#end("lost");
    }
  }

  /** @param {Packet} packet */
  #onPacket(packet) {
    if (this.#life.signal.aborted) return;
    this.#trace(packet, false);
    this.#handlers[packet.type]?.(packet);
  }

  /** @param {Packet} packet */
  #onConnack({ body: [, code] }) {
    if (code) return this.#end(REASONS[code] ?? "lost");
    this.#send(mqtt.subscribe(1, this.topic, QOS));
  }

  /** What is retained may lag behind (the broker was away), or there is nothing yet. @param {Packet} packet */
  #onSuback({ body: [, , granted] }) {
    if (granted === FAILURE) return this.#end("refused");
    this.#ask();
  }

  /** @param {Packet} packet */
  #onPublish(packet) {
    const { id, topic, payload } = mqtt.readPublish(packet);
    if (id) this.#send(mqtt.puback(id));
    const snapshot = topic === this.topic ? parsed(payload) : null;
    if (snapshot) this.#take(snapshot);
  }

  /** @param {Snapshot} snapshot */
  #take(snapshot) {
    this.#live = true;
    this.sink.snapshot(snapshot);
  }

  #onClose(code) {
    this.sink.trace?.({ kind: "close", up: false, text: String(code), bytes: 4 });
    this.#end("lost");
  }

  /** A broker cannot be asked anything, so ask the site; while that is away the broker still serves. */
  async #ask() {
    const watch = { ...this.sink, snapshot: (snapshot) => this.#take(snapshot) };
    const reason = await askBeside(this.push, watch, { signal: this.#life.signal, credential: this.credential });
    if (reason && (!this.#live || reason !== "lost")) this.#end(reason);
  }

  /** @param {Packet} packet @param {boolean} up */
  #trace(packet, up) {
    if (!this.sink.trace) return;
    const opening = packet.type === mqtt.CONNECT ? requestExtra() : 0; // of the WebSocket
    const bytes = packet.size + frameExtra(packet.size, up) + opening;
    this.sink.trace({ ...described(packet), up, bytes });
  }
}

/**
 * An empty payload says that there is nothing any more; what is no JSON is not ours.
 * @param {Uint8Array} payload @returns {any}
 */
function parsed(payload) {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return null;
  }
}

/**
 * Another one for each tab, since equal ones push each other out. RabbitMQ is made to ask for the user's id at its
 * beginning, or somebody might take over another's queue. @param {string} user
 */
function clientId(user) {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `${user}-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
