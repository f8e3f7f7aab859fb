/** @import {Snapshot} from "../push/client/types.js" */
import { openers } from "../push/client/rungs.js";
import { sameUser } from "../push/client/store.js";
import { moment } from "./clock.js";
import { Card } from "./card.js";
import { Line } from "./line.js";
import { Meter } from "./meter.js";
import { gettext } from "./words.js";

const POLLS = ["short-poll", "long-poll"];
const REST = ["unavailable", "signed-out"]; // from which nothing wakes it

/**
 * @typedef {object} Config  what the server tells the page
 * @property {string} user
 * @property {string} push
 * @property {string} api
 * @property {string} mqttUrl  "" without a broker
 * @property {string} csrfToken
 * @property {Record<string, string>} urls
 */

/** A transport with all that belongs to it: its connection, what it measured, where it shows that. */
export class Station {
  /** The newest received. @type {Snapshot|null} */ snapshot = null;
  #stale = false;

  /** @param {HTMLElement} element @param {Element} row @param {Config} config @param {(station: Station) => void} news */
  constructor(element, row, config, news) {
    this.name = element.dataset.transport ?? "";
    this.title = element.querySelector("h3")?.textContent ?? "";
    this.meter = new Meter(POLLS.includes(this.name));
    this.card = new Card(element, row, this.meter);
    const why = missing(this.name, config);
    this.line = new Line((sink) => this.#open(sink, config), {
      snapshot: (snapshot) => this.#take(snapshot, news),
      trace: (event) => { this.meter.trace(event); this.card.log.add(event); },
      opening: () => this.meter.opening(),
      live: (again) => this.meter.live(again),
      state: () => this.card.become(this.line.state),
    });
    if (why) this.line.state = "unavailable";
    if (why) this.card.explain(why);
  }

  get available() {
    return this.line.state !== "unavailable";
  }

  connect() {
    if (!REST.includes(this.line.state)) this.line.connect();
  }

  /** @param {"asleep"|"offline"} state */
  end(state) {
    if (!REST.includes(this.line.state)) this.line.end(state);
  }

  /** Puts the newest state on the screen, in the frame that is being drawn. */
  paint() {
    if (!this.#stale || !this.snapshot) return;
    this.#stale = false;
    this.card.show(this.snapshot);
    this.meter.latency.show(this.snapshot.version, moment());
  }

  #open(sink, config) {
    const push = new URL(config.push, document.baseURI);
    const { mqttUrl, user, csrfToken } = config;
    const [api, language] = [new URL(config.api, document.baseURI), document.documentElement.lang];
    return openers[this.name](push, sink, { mqttUrl, user, csrfToken, api, language });
  }

  /** Versions of one user are a chain: an older one never replaces a newer one. */
  #take(snapshot, news) {
    this.meter.message(snapshot);
    if (sameUser(this.snapshot, snapshot) && snapshot.version <= this.snapshot.version) return;
    this.snapshot = snapshot;
    this.#stale = true;
    news(this);
  }
}

/** Why there is no such transport here, or "". @param {string} name @param {Config} config */
function missing(name, { mqttUrl }) {
  if (!Object.hasOwn(openers, name)) return gettext("This site’s browser client does not speak it.");
  if (name === "mqtt" && !mqttUrl) {
    return gettext("No broker is known to this site: MQTT_WS_URL names none. “make run” starts one.");
  }
  return "";
}
