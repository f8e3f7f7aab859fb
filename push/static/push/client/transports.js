/**
 * The transports by name. Each is in a file of its own under transports/.
 * @import {Open, Transport} from "./types.js"
 */
import { openEventSource } from "../transports/sse.js";
import { openIframe } from "../transports/iframe.js";
import { openLongPoll } from "../transports/long-poll.js";
import { openMqtt } from "../transports/mqtt.js";
import { openShortPoll } from "../transports/short-poll.js";
import { openWebSocket } from "../transports/websocket.js";
import { ticketed } from "./ticketed.js";

const IN_ADDRESS = { ttl: 60 }; // seconds; addresses are logged, so a ticket in one expires soon

/** `openers[name](push, observer, options)` opens a connection. @type {Record<string, Open>} */
export const openers = {
  websocket: ticketed(openWebSocket),
  sse: ticketed(openEventSource, IN_ADDRESS),
  "long-poll": openLongPoll,
  "short-poll": openShortPoll,
  iframe: ticketed(openIframe, IN_ADDRESS),
  mqtt: openMqtt,
};

/** Best first. Not among them: the iframe, which keeps the browser's loading indicator on, and MQTT, which needs a broker. */
const AUTO = ["websocket", "sse", "long-poll", "short-poll"];

/** The transports to try: all of AUTO, or only the one named. @param {string|null} name @returns {Transport[]} */
export function transportsFor(name) {
  const names = name && Object.hasOwn(openers, name) ? [name] : AUTO;
  return names.map((each) => ({ name: each, open: openers[each] }));
}
