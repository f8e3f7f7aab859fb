/**
 * Encoding and decoding of MQTT 3.1.1 packets (OASIS, 2014), as far as a subscriber of one topic needs it. The connection is
 * in transports/mqtt.js. Numbers in brackets are sections of the standard.
 *
 * @typedef {object} Packet
 * @property {number} type
 * @property {number} flags
 * @property {Uint8Array} body  variable header and payload
 * @property {number} size      bytes of the whole packet
 */

export const CONNECT = 1, CONNACK = 2, PUBLISH = 3, PUBACK = 4, SUBSCRIBE = 8, SUBACK = 9; // [2.2.1]
export const PINGREQ = 12, PINGRESP = 13, DISCONNECT = 14;

export const LARGEST = 65_536; // bytes; a snapshot with its item has some 2,000
const CLEAN_SESSION = 0x02, PASSWORD = 0x40, USER_NAME = 0x80; // [3.1.2.3]
const LEVEL = 4; // 3.1.1 [3.1.2.2]

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** @param {{client: string, user: string, password: string, keepAlive: number}} client  keepAlive in seconds [3.1] */
export function connect({ client, user, password, keepAlive }) {
  const flags = CLEAN_SESSION | USER_NAME | PASSWORD;
  const header = [...text("MQTT"), LEVEL, flags, ...uint16(keepAlive)];
  return packet(CONNECT, 0, [...header, ...text(client), ...text(user), ...text(password)]);
}

/** @param {number} id from 1 @param {string} topic @param {number} qos [3.8] */
export function subscribe(id, topic, qos) {
  return packet(SUBSCRIBE, 0b0010, [...uint16(id), ...text(topic), qos]);
}

/** @param {number} id [3.4] */
export function puback(id) {
  return packet(PUBACK, 0, uint16(id));
}

/** A packet without a body: PINGREQ, DISCONNECT. @param {number} type */
export function bare(type) {
  return packet(type, 0, []);
}

/**
 * Decode a PUBLISH; `id` is 0 at QoS 0 [3.3]. Throws RangeError, or TypeError if the topic is not UTF-8.
 * @param {Packet} packet
 */
export function readPublish({ flags, body }) {
  const qos = (flags >> 1) & 3;
  const end = 2 + readUint16(body, 0);
  const start = qos ? end + 2 : end;
  if (body.length < start || qos === 3) throw new RangeError("a malformed PUBLISH");
  return {
    topic: decoder.decode(body.subarray(2, end)),
    qos,
    retain: (flags & 1) === 1,
    id: qos ? readUint16(body, end) : 0,
    payload: body.subarray(start),
  };
}

/** Splits a stream of bytes into packets: a WebSocket frame may end in the middle of one [6]. */
export class PacketReader {
  /** @type {Uint8Array} */ #rest = new Uint8Array();

  /** The packets that are complete. Throws RangeError, or TypeError for a text frame. @param {ArrayBuffer} bytes @returns {Packet[]} */
  take(bytes) {
    if (!(bytes instanceof ArrayBuffer)) throw new TypeError("packets come in binary frames");
    this.#rest = joined(this.#rest, new Uint8Array(bytes));
    const packets = [];
    for (let next = this.#next(); next; next = this.#next()) packets.push(next);
    return packets;
  }

  /** @returns {Packet|null} */
  #next() {
    const length = readLength(this.#rest);
    if (length === null || this.#rest.length < length.end) return null;
    const [first, body] = [this.#rest[0], this.#rest.subarray(length.start, length.end)];
    this.#rest = this.#rest.subarray(length.end);
    return { type: first >> 4, flags: first & 15, body, size: length.end };
  }
}

/**
 * Where the first packet's body starts and ends; null if more bytes are needed. Throws RangeError [2.2.3].
 * @param {Uint8Array} bytes
 */
function readLength(bytes) {
  let length = 0;
  for (let digit = 0; digit < 4; digit += 1) {
    const byte = bytes[1 + digit];
    if (byte === undefined) return null;
    length += (byte & 127) * 128 ** digit;
    if (length > LARGEST) throw new RangeError(`a packet of ${length} bytes`);
    if (byte < 128) return { start: 2 + digit, end: 2 + digit + length };
  }
  throw new RangeError("a length of more than four bytes");
}

/** @param {number} type @param {number} flags @param {number[]} body @returns {Uint8Array<ArrayBuffer>} */
function packet(type, flags, body) {
  return new Uint8Array([(type << 4) | flags, ...varint(body.length), ...body]);
}

/** Seven bits a byte, the lowest first [2.2.3]. @param {number} length @returns {number[]} */
function varint(length) {
  return length < 128 ? [length] : [(length % 128) | 128, ...varint(Math.floor(length / 128))];
}

/** UTF-8 after its length [1.5.3]. @param {string} value */
function text(value) {
  const bytes = encoder.encode(value);
  return [...uint16(bytes.length), ...bytes];
}

/** @param {number} value */
function uint16(value) {
  return [value >> 8, value & 255];
}

/** @param {Uint8Array} bytes @param {number} at */
export function readUint16(bytes, at) {
  return (bytes[at] << 8) | bytes[at + 1];
}

/** @param {Uint8Array} one @param {Uint8Array} other */
function joined(one, other) {
  if (!one.length) return other;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
