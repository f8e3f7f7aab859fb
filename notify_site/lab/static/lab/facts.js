/**
 * The measurements that the claims are tested against.
 * @import {Config, Station} from "./station.js" @import {Meter} from "./meter.js"
 */
import { socketAddress } from "../push/client/addresses.js";
import { moment } from "./clock.js";

const HELD = ["long-poll", "iframe", "sse", "websocket"]; // transports whose connections this site holds

/** Meters of the transports, and a few measurements across them. */
export class Facts {
  /** Bytes of one snapshot, as MessagePack in a binary frame and as JSON. @type {{binary: number, text: number}|null} */
  encoded = null;
  #probed = false;

  /** @param {Station[]} stations @param {Config} config */
  constructor(stations, config) {
    this.stations = stations;
    this.config = config;
    /** @type {Record<string, Meter>} */
    this.meters = Object.fromEntries(stations.map(({ name, meter }) => [name, meter]));
  }

  /** Take the measurements that need a connection, once. */
  update() {
    const socket = this.stations.find(({ name }) => name === "websocket");
    if (this.#probed || socket?.line.state !== "live" || !socket.meter.lastFrame) return;
    this.#probed = true;
    this.#probe(socket.meter.lastFrame.length);
  }

  /** The figure of the other transports, where it is measured. @param {string} name @param {"median"|"overhead"} figure */
  others(name, figure) {
    return this.stations.filter((each) => each.name !== name && each.meter[figure] !== null).map(({ meter }) => meter[figure] ?? 0);
  }

  /** Bytes of the transport's own JavaScript, without what all transports share. @returns {number|null} */
  script(name) {
    const address = `/push/transports/${name}.js`;
    const loaded = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource"));
    return loaded.find((entry) => new URL(entry.name).pathname.endsWith(address))?.decodedBodySize || null;
  }

  /** How many connections held by this site have received the newest state. */
  get informed() {
    const held = this.stations.filter(({ name, line }) => HELD.includes(name) && line.state === "live");
    const newest = Math.max(0, ...held.map(({ snapshot }) => snapshot?.version ?? 0));
    return held.filter(({ snapshot }) => newest && snapshot?.version === newest).length;
  }

  /** For how many milliseconds the iframe's document has been loading, and whether it still is; null without a connection. */
  get loading() {
    const { line, meter } = this.stations.find(({ name }) => name === "iframe") ?? {};
    if (line?.state !== "live") return null;
    const frames = /** @type {HTMLIFrameElement[]} */ ([...document.querySelectorAll("iframe")]);
    const stuck = frames.some((frame) => frame.src.includes("/iframe/") && frame.contentDocument?.readyState === "loading");
    return { stuck, ms: moment() - meter.latency.since };
  }

  /** Open a second socket for one binary frame. @param {number} text bytes of the same as JSON */
  #probe(text) {
    const socket = new WebSocket(socketAddress(new URL(this.config.push, document.baseURI)), ["reddot.v1.msgpack"]);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.encoded = { binary: data.byteLength, text };
      socket.close();
    };
  }
}
