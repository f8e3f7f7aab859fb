/** @import {Open, Rung} from "./types.js" */
import { openEventSource } from "../transports/sse.js";
import { openIframe } from "../transports/iframe.js";
import { openLongPoll } from "../transports/long-poll.js";
import { openMqtt } from "../transports/mqtt.js";
import { openShortPoll } from "../transports/short-poll.js";
import { openWebSocket } from "../transports/websocket.js";
import { ticketed } from "./ticketed.js";

const IN_ADDRESS = { ttl: 60 }; // seconds a ticket in an address may have left: addresses are logged

/** Every transport by its name: `openers[name](push, sink, options)`. @type {Record<string, Open>} */
export const openers = {
  websocket: ticketed(openWebSocket),
  sse: ticketed(openEventSource, IN_ADDRESS),
  "long-poll": openLongPoll,
  "short-poll": openShortPoll,
  iframe: ticketed(openIframe, IN_ADDRESS),
  mqtt: openMqtt,
};

/** Best first. A frame keeps the page's spinner turning and MQTT needs a broker: they are choices. */
const AUTO = ["websocket", "sse", "long-poll", "short-poll"];

/** The ladder, or the one rung asked for. @param {string|null} name @returns {Rung[]} */
export function rungs(name) {
  const names = name && Object.hasOwn(openers, name) ? [name] : AUTO;
  return names.map((each) => ({ name: each, open: openers[each] }));
}
