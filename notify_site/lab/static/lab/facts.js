/** @import {Config, Station} from "./station.js" @import {Meter} from "./meter.js" */
import { moment } from "./clock.js";

const HELD = ["long-poll", "iframe", "sse", "websocket"]; // connections that this site holds

/** Everything the claims are judged by. */
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

  /** Called now and then. */
  look() {
    const socket = this.stations.find(({ name }) => name === "websocket");
    if (this.#probed || socket?.line.state !== "live" || !socket.meter.lastFrame) return;
    this.#probed = true;
    this.#probe(socket.meter.lastFrame.length);
  }

  /** The other transports' meters that have the figure. @param {string} name @param {"median"|"overhead"} figure */
  others(name, figure) {
    return this.stations.filter((each) => each.name !== name && each.meter[figure] !== null).map(({ meter }) => meter[figure] ?? 0);
  }

  /** Bytes of JavaScript that speak this transport, without what all share. @returns {number|null} */
  script(name) {
    const address = `/push/transports/${name}.js`;
    const loaded = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource"));
    return loaded.find((entry) => new URL(entry.name).pathname.endsWith(address))?.decodedBodySize || null;
  }

  /** How many connections that this site holds were told of the newest state. */
  get told() {
    const held = this.stations.filter(({ name, line }) => HELD.includes(name) && line.state === "live");
    const newest = Math.max(0, ...held.map(({ snapshot }) => snapshot?.version ?? 0));
    return held.filter(({ snapshot }) => newest && snapshot?.version === newest).length;
  }

  /** Milliseconds for which the iframe's document has been loading; null if there is none. */
  get loading() {
    const { line, meter } = this.stations.find(({ name }) => name === "iframe") ?? {};
    if (line?.state !== "live") return null;
    const frames = /** @type {HTMLIFrameElement[]} */ ([...document.querySelectorAll("iframe")]);
    const stuck = frames.some((frame) => frame.src.includes("/iframe/") && frame.contentDocument?.readyState === "loading");
    return { stuck, ms: moment() - meter.latency.since };
  }

  /** A second socket, for one binary frame. @param {number} text bytes of the same as JSON */
  #probe(text) {
    const url = new URL("ws/", new URL(this.config.push, document.baseURI));
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, ["reddot.v1.msgpack"]);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.encoded = { binary: data.byteLength, text };
      socket.close();
    };
  }
}
