/**
 * The transports by name. Each is in a file of its own under transports/. The first and the last of those that are tried are
 * here at once, the others are loaded when they are used.
 * @import {Open, Transport} from "./types.js"
 */
import { openShortPoll } from "../transports/short-poll.js";
import { openWebSocket } from "../transports/websocket.js";
import { loaded } from "./loaded.js";
import { ticketed } from "./ticketed.js";

const IN_ADDRESS = { ttl: 60 }; // seconds; addresses are logged, so a ticket in one expires soon

/** `openers[name](push, observer, options)` opens a connection. @type {Record<string, Open>} */
export const openers = {
  websocket: ticketed(openWebSocket),
  sse: loaded(async () => ticketed((await import("../transports/sse.js")).openEventSource, IN_ADDRESS)),
  "long-poll": loaded(async () => (await import("../transports/long-poll.js")).openLongPoll),
  "short-poll": openShortPoll,
  iframe: loaded(async () => ticketed((await import("../transports/iframe.js")).openIframe, IN_ADDRESS)),
  mqtt: loaded(async () => (await import("../transports/mqtt.js")).openMqtt),
};

/** Best first. Not among them: the iframe, which keeps the browser's loading indicator on, and MQTT, which needs a broker. */
const AUTO = ["websocket", "sse", "long-poll", "short-poll"];

/** The transports to try: all of AUTO, or only the one named. @param {string|null} name @returns {Transport[]} */
export function transportsFor(name) {
  const names = name && Object.hasOwn(openers, name) ? [name] : AUTO;
  return names.map((each) => ({ name: each, open: openers[each] }));
}
