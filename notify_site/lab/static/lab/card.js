/**
 * The card of one transport: what it shows. Where the figures come from is in meter.js.
 * @import {Snapshot} from "../push/client/types.js" @import {Meter} from "./meter.js"
 */
import { setText } from "../inbox/shared/dom.js";
import { count, duration, gettext, NOTHING, size } from "./words.js";
import { WireLog } from "./wirelog.js";

const POINTS = 40; // latencies in a sparkline
const [WIDTH, HEIGHT] = [120, 32]; // of the sparkline's viewBox

const STATES = {
  connecting: gettext("Connecting"),
  live: gettext("Live"),
  waiting: gettext("Reconnecting"),
  offline: gettext("Offline"),
  asleep: gettext("Asleep"),
  "signed-out": gettext("Signed out"),
  unavailable: gettext("Not available here"),
};

/** A card, and the transport's row in the table. */
export class Card {
  /** @param {HTMLElement} element @param {Element} row @param {Meter} meter */
  constructor(element, row, meter) {
    this.element = element;
    this.row = row;
    this.meter = meter;
    this.log = new WireLog(this.#field("log"));
    this.spark = /** @type {Element} */ (element.querySelector("polyline"));
  }

  /** @param {import("./line.js").LineState} state */
  showState(state) {
    this.element.dataset.state = state;
    this.#field("state").textContent = STATES[state];
  }

  /** @param {string} why there is no such transport here */
  explain(why) {
    this.showState("unavailable");
    this.#field("why").textContent = why;
    this.#field("why").hidden = false;
  }

  /** The number and its version only, since this is what latency is measured by. @param {Snapshot} snapshot */
  show({ version, unread, capped }) {
    this.#field("number").textContent = count(unread) + (capped ? "+" : "");
    this.#field("version").textContent = String(version);
    this.element.dataset.unread = String(unread);
    this.element.dataset.version = String(version);
  }

  /** Everything else, shown a moment later. */
  showFigures() {
    const { meter } = this;
    const { up, down, requests, reconnects, perMessage } = meter;
    const texts = {
      median: duration(meter.median), p95: duration(meter.p95), requests: count(requests), up: size(up), down: size(down),
      perMessage: size(perMessage), reconnects: count(reconnects),
    };
    for (const [name, text] of Object.entries(texts)) this.#write(name, text);
    this.spark.setAttribute("points", points(meter.latency.samples.slice(-POINTS)));
    this.log.render();
  }

  #write(name, text) {
    for (const place of [this.element, this.row]) {
      const node = place.querySelector(`[data-field="${name}"]`);
      if (node) setText(node, text ?? NOTHING);
    }
  }

  /** @returns {HTMLElement} */
  #field(name) {
    return /** @type {HTMLElement} */ (this.element.querySelector(`[data-field="${name}"]`));
  }
}

/** Of the sparkline: the latest on the right, the longest at the top; one sample is a level line. @param {number[]} samples */
function points(samples) {
  const values = samples.length === 1 ? [samples[0], samples[0]] : samples;
  const top = Math.max(1, ...values);
  const step = WIDTH / (values.length - 1);
  const height = (ms) => HEIGHT - 2 - (ms / top) * (HEIGHT - 4);
  return values.map((ms, index) => `${(step * index).toFixed(1)},${height(ms).toFixed(1)}`).join(" ");
}
