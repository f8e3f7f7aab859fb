/** Tests of the claims about both polls and the iframe stream. @import {Test} from "./claims.js" */
import { count, duration, gettext, interpolate, percent, size } from "./words.js";

const FEW = 3; // requests; with fewer a share means nothing
const LONG = 5000; // milliseconds
const HELD = 0.1; // share of the time that a request is held; for a short poll it is about 0.001
const AT_ONCE = 100; // milliseconds

const EVENT = gettext("Send an event to find out.");

/** By the keys of notify_site/lab/transports.py. @type {Record<string, Test>} */
export const POLLING = {
  "short-simple": {
    hint: gettext("Counted once the scripts are loaded."),
    test(facts) {
      const own = facts.script("short-poll");
      const others = facts.stations.filter(({ name }) => name !== "short-poll").map(({ name }) => facts.script(name) ?? Infinity);
      const next = Math.min(...others);
      if (!own || next === Infinity) return null;
      const text = gettext("Its client is %(own)s of JavaScript; the smallest of the others has %(next)s.");
      return [own <= next, interpolate(text, { own: size(own), next: size(next) })];
    },
  },
  "short-late": {
    hint: gettext("Send an event and wait until short polling has asked again."),
    test(facts) {
      const { median } = facts.meters["short-poll"];
      const others = facts.others("short-poll", "median");
      if (median === null || !others.length) return null;
      const text = gettext("Its median is %(own)s; the slowest of the others has %(other)s.");
      return [median > Math.max(...others), interpolate(text, { own: duration(median), other: duration(Math.max(...others)) })];
    },
  },
  "short-waste": {
    hint: gettext("Wait until it has asked a few times."),
    test: ({ meters: { "short-poll": { requests, wasted, heartbeats } } }) => {
      if (requests < FEW || wasted === null) return null;
      const text = gettext("%(empty)s of its %(requests)s requests brought nothing.");
      return [wasted > 0, interpolate(text, { empty: count(heartbeats.down), requests: count(requests) })];
    },
  },
  "long-fewer": {
    hint: gettext("Send events, and let both polls ask a few times."),
    test({ meters: { "short-poll": short, "long-poll": long } }) {
      if (short.requests < FEW || long.requests < FEW || !short.wasted || long.wasted === null) return null;
      const text = gettext("%(own)s of its requests brought nothing, of short polling’s %(other)s.");
      return [long.wasted < short.wasted, interpolate(text, { own: percent(long.wasted), other: percent(short.wasted) })];
    },
  },
  "long-held": {
    hint: gettext("Wait some seconds."),
    test({ meters: { "long-poll": { firstAsked, holding } } }) {
      const open = performance.timeOrigin + performance.now() - firstAsked;
      if (!firstAsked || open < LONG) return null;
      const text = gettext("One of its requests was held for %(share)s of the time: a connection and its memory, as for a stream.");
      return [holding / open > HELD, interpolate(text, { share: percent(holding / open) })];
    },
  },
  "long-304": {
    hint: gettext("Do nothing for 25 seconds."),
    test({ meters: { "long-poll": { reissued } } }) {
      if (reissued === Infinity) return null;
      const text = gettext("After its last 304 it asked again within %(gap)s.");
      return [reissued < AT_ONCE, interpolate(text, { gap: duration(Math.max(1, reissued)) })];
    },
  },
  "long-waiters": {
    hint: EVENT,
    test({ informed, meters }) {
      if (informed < 2 || meters["long-poll"].median === null) return null;
      return [true, interpolate(gettext("%(count)s connections of yours wait on one id, and one commit told them all."), { count: count(informed) })];
    },
  },
  "iframe-simple": {
    hint: gettext("Counted once the scripts are loaded."),
    test(facts) {
      const [own, other] = [facts.script("iframe"), facts.script("websocket")];
      if (!own || !other) return null;
      const text = gettext("Its client is %(own)s of JavaScript, WebSocket’s %(other)s.");
      return [own < other, interpolate(text, { own: size(own), other: size(other) })];
    },
  },
  "iframe-spinner": {
    hint: gettext("Wait some seconds."),
    test({ loading }) {
      if (loading === null || loading.ms < LONG) return null;
      const text = loading.stuck
        ? gettext("Its document has been loading for %(time)s, and will not finish.")
        : gettext("Its document finished loading within %(time)s.");
      return [loading.stuck, interpolate(text, { time: duration(Math.floor(loading.ms / 1000) * 1000) })];
    },
  },
  "iframe-not": {
    hint: EVENT,
    test({ meters: { iframe, sse } }) {
      if (iframe.perMessage === null || sse.perMessage === null) return null;
      const text = gettext("A message costs %(own)s; as a server-sent event the same costs %(other)s.");
      return [sse.perMessage < iframe.perMessage, interpolate(text, { own: size(iframe.perMessage), other: size(sse.perMessage) })];
    },
  },
};
