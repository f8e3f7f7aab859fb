/** @import {Open, Rung} from "./types.js" */
import { openEventSource } from "../transports/sse.js";
import { openLongPoll } from "../transports/long-poll.js";
import { openShortPoll } from "../transports/short-poll.js";
import { openWebSocket } from "../transports/websocket.js";

/** Every transport by its name: `openers[name](push, sink, options)`. @type {Record<string, Open>} */
export const openers = {
  websocket: openWebSocket,
  sse: openEventSource,
  "long-poll": openLongPoll,
  "short-poll": openShortPoll,
};

/** Best first. */
const AUTO = ["websocket", "sse", "long-poll", "short-poll"];

/** The ladder, or the one rung asked for. @param {string|null} name @returns {Rung[]} */
export function rungs(name) {
  const names = name && Object.hasOwn(openers, name) ? [name] : AUTO;
  return names.map((each) => ({ name: each, open: openers[each] }));
}
