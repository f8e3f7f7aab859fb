/** Tests of the claims about server-sent events, WebSocket and MQTT. @import {Test} from "./claims.js" */
import { count, duration, gettext, interpolate, ngettext, size } from "./words.js";

const SLOWER = 50; // milliseconds of difference that nobody notices

const EVENT = gettext("Send an event to find out.");
const CUT = gettext("Press “Disconnect me” or “Go offline” to find out.");

/** By the keys of notify_site/lab/transports.py. @type {Record<string, Test>} */
export const STREAMS = {
  "sse-one-way": {
    hint: EVENT,
    test({ meters: { sse } }) {
      if (!sse.messages) return null;
      const text = gettext("%(down)s came down; since its one GET, %(up)s went up.");
      return [sse.upAfterHandshake === 0, interpolate(text, { down: size(sse.down), up: size(sse.upAfterHandshake) })];
    },
  },
  "sse-ids": {
    hint: EVENT,
    test({ meters: { sse } }) {
      if (!sse.lastFrame) return null;
      const [, name] = sse.lastFrame.match(/^event: (.+)$/m) ?? [];
      const [, id] = sse.lastFrame.match(/^id: (.+)$/m) ?? [];
      return [Boolean(name && id), interpolate(gettext("Its last event is called “%(name)s” and has the id %(id)s."), { name, id })];
    },
  },
  "sse-reconnect": {
    hint: gettext("Press “Disconnect me” to find out."),
    test({ meters: { sse } }) {
      if (!sse.closes) return null;
      const built = sse.lastClose !== "refused";
      return [built, built
        ? gettext("The browser was about to reconnect. The lab still does it itself: refused once, a browser gives up for good.")
        : gettext("Refused once, the browser gave up for good; the lab had to reconnect.")];
    },
  },
  "sse-choice": {
    hint: EVENT,
    test({ meters: { sse, websocket } }) {
      if (sse.median === null || websocket.median === null) return null;
      const text = gettext("Median %(own)s against WebSocket’s %(other)s, %(bytes)s per message, and nothing to build.");
      const values = { own: duration(sse.median), other: duration(websocket.median), bytes: size(sse.perMessage) };
      return [sse.median <= websocket.median + SLOWER, interpolate(text, values)];
    },
  },
  "ws-duplex": {
    hint: gettext("Do nothing for 25 seconds: it will send a ping."),
    test({ meters: { websocket: { heartbeats, upAfterHandshake } } }) {
      if (!heartbeats.up || !heartbeats.down) return null;
      const text = gettext("%(up)s pings went up and %(down)s pongs came down on the connection that carries the numbers.");
      return [upAfterHandshake > 0, interpolate(text, { up: count(heartbeats.up), down: count(heartbeats.down) })];
    },
  },
  "ws-binary": {
    hint: gettext("Asked once it is connected."),
    test({ encoded }) {
      if (!encoded) return null;
      const text = gettext("The same state is %(binary)s as MessagePack in a binary frame, %(text)s as JSON.");
      return [encoded.binary > 0, interpolate(text, { binary: size(encoded.binary), text: size(encoded.text) })];
    },
  },
  "ws-smallest": {
    hint: EVENT,
    test(facts) {
      const { overhead, median } = facts.meters.websocket;
      const others = facts.others("websocket", "overhead");
      if (overhead === null || median === null || !others.length) return null;
      const text = gettext("Around each message it puts %(own)s; the smallest of the others puts %(other)s.");
      const smallest = Math.min(...others);
      return [overhead <= smallest, interpolate(text, { own: size(overhead), other: size(smallest) })];
    },
  },
  "ws-own": {
    hint: CUT,
    test({ meters: { websocket: { heartbeats, reconnects } } }) {
      if (!reconnects) return null;
      const text = ngettext("The lab’s script reconnected it %(count)s time, and has sent %(beats)s pings.",
        "The lab’s script reconnected it %(count)s times, and has sent %(beats)s pings.", reconnects);
      return [true, interpolate(text, { count: count(reconnects), beats: count(heartbeats.up) })];
    },
  },
  "mqtt-decouples": {
    hint: EVENT,
    test({ config, meters: { mqtt } }) {
      if (!mqtt.frames) return null;
      const { host } = new URL(config.mqttUrl, document.baseURI);
      const text = gettext("The number came from the broker at %(host)s; the web server holds no connection for it.");
      return [host !== location.host, interpolate(text, { host })];
    },
  },
  "mqtt-reliable": {
    hint: gettext("Press “Go offline”, then send an event."),
    test({ stations, meters: { mqtt } }) {
      if (!mqtt.reconnects) return null;
      const newest = Math.max(...stations.map(({ snapshot }) => snapshot?.version ?? 0));
      const current = stations.find(({ name }) => name === "mqtt")?.snapshot?.version === newest;
      const text = ngettext("It was cut off %(count)s time; the retained message brought it up to date.",
        "It was cut off %(count)s times; the retained message brought it up to date.", mqtt.reconnects);
      return current ? [true, interpolate(text, { count: count(mqtt.reconnects) })] : null;
    },
  },
  "mqtt-devices": {
    hint: gettext("Wait for its first heartbeat."),
    test({ meters: { mqtt, websocket } }) {
      if (!mqtt.heartbeats.up || !websocket.heartbeats.up) return null;
      const text = gettext("Its heartbeat is %(own)s, that of the WebSocket card %(other)s.");
      const [own, other] = [mqtt.heartbeats.smallest, websocket.heartbeats.smallest];
      return [own < other, interpolate(text, { own: size(own), other: size(other) })];
    },
  },
};
