/** @import {Rung} from "./types.js" */
import { openEventSource } from "../transports/sse.js";
import { openLongPoll } from "../transports/long-poll.js";
import { openShortPoll } from "../transports/short-poll.js";
import { openWebSocket } from "../transports/websocket.js";

/** Best first. @type {Rung[]} */
const LADDER = [
  { name: "websocket", open: openWebSocket },
  { name: "sse", open: openEventSource },
  { name: "long-poll", open: openLongPoll },
  { name: "short-poll", open: openShortPoll },
];

/** All of them, or the one asked for. @param {string|null} name */
export function rungs(name) {
  const only = LADDER.filter((rung) => rung.name === name);
  return only.length ? only : LADDER;
}
