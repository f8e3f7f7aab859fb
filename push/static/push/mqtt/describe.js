/**
 * MQTT packets as text, for a wire log. Encoding and decoding are in packets.js.
 * @import {Packet} from "./packets.js" @import {TraceEvent} from "../client/types.js"
 */
import * as mqtt from "./packets.js";

const { readUint16 } = mqtt;

const ANSWERS = ["accepted", "unacceptable protocol version", "identifier rejected", "server unavailable",
  "bad user name or password", "not authorized"]; // [3.2.2.3]

/** @type {Record<number, [TraceEvent["kind"], (body: Uint8Array, packet: Packet) => string]>} */
const WORDS = {
  [mqtt.CONNECT]: ["handshake", (body) => `CONNECT clean session, keep alive ${readUint16(body, 8)} s, user name, password`],
  [mqtt.CONNACK]: ["handshake", (body) => `CONNACK ${body[1]} ${ANSWERS[body[1]] ?? ""}`.trim()],
  [mqtt.SUBSCRIBE]: ["handshake", (body) => `SUBSCRIBE ${readUint16(body, 0)} ${decode(body.subarray(4, -1))} QoS ${body.at(-1)}`],
  [mqtt.SUBACK]: ["handshake", (body) => `SUBACK ${readUint16(body, 0)} ${body[2] > 2 ? "failure" : `QoS ${body[2]}`}`],
  [mqtt.PUBLISH]: ["frame", (_, packet) => publish(packet)],
  [mqtt.PUBACK]: ["frame", (body) => `PUBACK ${readUint16(body, 0)}`],
  [mqtt.PINGREQ]: ["heartbeat", () => "PINGREQ"],
  [mqtt.PINGRESP]: ["heartbeat", () => "PINGRESP"],
  [mqtt.DISCONNECT]: ["close", () => "DISCONNECT"],
};

/** Without the password. @param {Packet} packet @returns {{kind: TraceEvent["kind"], text: string}} */
export function described(packet) {
  const [kind, words] = WORDS[packet.type] ?? ["frame", () => `packet of type ${packet.type}`];
  return { kind, text: words(packet.body, packet) };
}

/** @param {Packet} packet */
function publish(packet) {
  const { topic, qos, retain, id, payload } = mqtt.readPublish(packet);
  const words = ["PUBLISH", id || "", topic, `QoS ${qos}`, retain ? "retain" : ""].filter(Boolean).join(" ");
  return `${words}\n${decode(payload)}`;
}

/** @param {Uint8Array} bytes */
function decode(bytes) {
  return new TextDecoder().decode(bytes);
}
