/**
 * MQTT 3.1.1 over WebSocket: the broker retains the newest snapshot of each user and forwards each new one. How packets are
 * encoded is in mqtt/packets.js. Numbers in brackets are sections of the standard (OASIS, 2014).
 * @import {Connection, Credential, Options, Reason, Observer, Snapshot, Ticket} from "../client/types.js"
 * @import {Packet} from "../mqtt/packets.js"
 */
import { Watchdog } from "../../inbox/shared/timing.js";
import { pollBeside } from "../client/poll.js";
import { ticketed } from "../client/ticketed.js";
import { frameExtra, requestExtra } from "../client/trace.js";
import { described } from "../mqtt/describe.js";
import * as mqtt from "../mqtt/packets.js";

const FIRST_PACKET = 8; // seconds from `new WebSocket`
const KEEP_ALIVE = 15; // seconds; a broker drops a silent client after 1.5 times that [3.1.2.10], RabbitMQ after 3 times
const HEARTBEAT = 10; // seconds after the last packet to the broker
const PONG = 8; // seconds for any packet after a PINGREQ
const QOS = 1;
const FAILURE = 0x80; // in a SUBACK [3.9.3]

/** Return codes of a CONNACK [3.2.2.3]. @type {Record<number, Reason>} */
const REASONS = { 1: "unsupported", 2: "unsupported", 4: "signed-out", 5: "signed-out" };

/**
 * Needs `mqttUrl`. The password is a ticket, even if the page itself uses the session's cookie.
 * @param {URL} push @param {Observer} observer @param {Options} [options] @returns {Connection}
 */
export function openMqtt(push, observer, options = {}) {
  if (!options.mqttUrl) throw new Error("the MQTT transport needs the option mqttUrl");
  return openWithTicket(push, observer, options);
}

const connect = (/** @type {[URL, Observer, Options]} */ ...connection) => new MqttConnection(...connection);
const openWithTicket = ticketed(connect, { purpose: "mqtt" }, true);

/** @implements {Connection} */
class MqttConnection {
  #lifetime = new AbortController();
  #reader = new mqtt.PacketReader();
  #heartbeat = new Watchdog(this.#lifetime.signal, () => this.#ping());
  #watchdog = new Watchdog(this.#lifetime.signal, () => this.#end("lost"));
  #live = false;

  /** By packet type. @type {Record<number, (packet: Packet) => void>} */
  #handlers = {
    [mqtt.CONNACK]: (packet) => this.#onConnack(packet),
    [mqtt.SUBACK]: (packet) => this.#onSuback(packet),
    [mqtt.PUBLISH]: (packet) => this.#onPublish(packet),
    // Restarted here rather than by the timer itself: in hidden tabs chained timers run once a minute.
    [mqtt.PINGRESP]: () => this.#heartbeat.expect(HEARTBEAT),
  };

  /** @param {URL} push @param {Observer} observer @param {Options} options */
  constructor(push, observer, { mqttUrl, ticket, user, credential }) {
    this.socket = Object.assign(new WebSocket(mqttUrl, ["mqtt"]), { binaryType: "arraybuffer" });
    this.push = push;
    this.observer = observer;
    this.credential = credential;
    this.password = ticket.text;
    this.user = ticket.user || String(user);
    this.topic = `inbox/${this.user}/unread`;
    this.#listen({ signal: this.#lifetime.signal });
    this.#watchdog.expect(FIRST_PACKET);
  }

  sync() {
    this.#ping();
    this.#poll();
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
    this.#lifetime.abort();
    this.socket.close();
  }

  /** @param {Reason} reason */
  #end(reason) {
    this.#stop();
    this.observer.closed(reason);
  }

  /** @param {Uint8Array<ArrayBuffer>} packet */
  #send(packet) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(packet);
    this.#heartbeat.expect(HEARTBEAT);
    if (this.observer.trace) for (const each of new mqtt.PacketReader().take(packet.buffer)) this.#trace(each, true);
  }

  #connect() {
    const { user, password } = this;
    this.#send(mqtt.connect({ client: clientId(user), user, password, keepAlive: KEEP_ALIVE }));
  }

  #ping() {
    this.#send(mqtt.bare(mqtt.PINGREQ));
    this.#watchdog.expect(PONG);
  }

  /** Packets come in binary frames; a malformed one closes the connection [6]. @param {any} data */
  #onMessage(data) {
    this.#watchdog.expect(HEARTBEAT + PONG);
    try {
      for (const packet of this.#reader.take(data)) this.#onPacket(packet);
    } catch {
      this.#end("lost");
    }
  }

  /** @param {Packet} packet */
  #onPacket(packet) {
    if (this.#lifetime.signal.aborted) return;
    this.#trace(packet, false);
    this.#handlers[packet.type]?.(packet);
  }

  /** @param {Packet} packet */
  #onConnack({ body: [, code] }) {
    if (code) return this.#end(REASONS[code] ?? "lost");
    this.#send(mqtt.subscribe(1, this.topic, QOS));
  }

  /** The retained snapshot may be missing, or old (the broker was down). @param {Packet} packet */
  #onSuback({ body: [, , granted] }) {
    if (granted === FAILURE) return this.#end("refused");
    this.#poll();
  }

  /** @param {Packet} packet */
  #onPublish(packet) {
    const { id, topic, payload } = mqtt.readPublish(packet);
    if (id) this.#send(mqtt.puback(id));
    const snapshot = topic === this.topic ? parsed(payload) : null;
    if (snapshot) this.#deliver(snapshot);
  }

  /** @param {Snapshot} snapshot */
  #deliver(snapshot) {
    this.#live = true;
    this.observer.snapshot(snapshot);
  }

  #onClose(code) {
    this.observer.trace?.({ kind: "close", up: false, text: String(code), bytes: 4 });
    this.#end("lost");
  }

  /** Get the current state from the site, since a broker can't be asked. While the site is down the broker still serves. */
  async #poll() {
    const observer = { ...this.observer, snapshot: (snapshot) => this.#deliver(snapshot) };
    const reason = await pollBeside(this.push, observer, { signal: this.#lifetime.signal, credential: this.credential });
    if (reason && (!this.#live || reason !== "lost")) this.#end(reason);
  }

  /** @param {Packet} packet @param {boolean} up */
  #trace(packet, up) {
    if (!this.observer.trace) return;
    const opening = packet.type === mqtt.CONNECT ? requestExtra() : 0; // of the WebSocket
    const bytes = packet.size + frameExtra(packet.size, up) + opening;
    this.observer.trace({ ...described(packet), up, bytes });
  }
}

/**
 * The payload as JSON, or null: it is empty if the topic was cleared.
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
 * A client id for this tab: a broker disconnects the older of two clients with the same id. It begins with the user's id,
 * which RabbitMQ is configured to check, or a user could take over another's queue. @param {string} user
 */
function clientId(user) {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `${user}-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
