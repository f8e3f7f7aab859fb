/** One transport of the lab with all its parts. @import {Snapshot} from "../push/client/types.js" */
import { sameUser } from "../inbox/shared/snapshot.js";
import { openers } from "../push/client/transports.js";
import { moment } from "./clock.js";
import { Card } from "./card.js";
import { Line } from "./line.js";
import { Meter } from "./meter.js";
import { gettext } from "./words.js";

const POLLS = ["short-poll", "long-poll"];
const FINAL = ["unavailable", "signed-out"]; // states that no button ends

/**
 * @typedef {object} Config  from the server
 * @property {string} user
 * @property {string} push
 * @property {string} api
 * @property {string} mqttUrl  "" without a broker
 * @property {string} csrfToken
 * @property {Record<string, string>} urls
 */

/** Connects a line, a meter and a card. */
export class Station {
  /** The newest received. @type {Snapshot|null} */ snapshot = null;
  #stale = false;

  /** @param {HTMLElement} element @param {Element} row @param {Config} config @param {(station: Station) => void} onNews */
  constructor(element, row, config, onNews) {
    this.name = element.dataset.transport ?? "";
    this.title = element.querySelector("h3")?.textContent ?? "";
    this.meter = new Meter(POLLS.includes(this.name));
    this.card = new Card(element, row, this.meter);
    const why = missing(this.name, config);
    this.line = new Line((observer) => this.#open(observer, config), {
      snapshot: (snapshot) => this.#onSnapshot(snapshot, onNews),
      trace: (event) => { this.meter.trace(event); this.card.log.add(event); },
      opening: () => this.meter.opening(),
      live: (again) => this.meter.live(again),
      state: () => this.card.showState(this.line.state),
    });
    if (why) this.line.state = "unavailable";
    if (why) this.card.explain(why);
  }

  get available() {
    return this.line.state !== "unavailable";
  }

  connect() {
    if (!FINAL.includes(this.line.state)) this.line.connect();
  }

  /** @param {"asleep"|"offline"} state */
  end(state) {
    if (!FINAL.includes(this.line.state)) this.line.end(state);
  }

  /** Paint the newest state; call it in an animation frame. */
  paint() {
    if (!this.#stale || !this.snapshot) return;
    this.#stale = false;
    this.card.show(this.snapshot);
    this.meter.latency.show(this.snapshot.version, moment());
  }

  #open(observer, config) {
    const push = new URL(config.push, document.baseURI);
    const { mqttUrl, user, csrfToken } = config;
    const [api, language] = [new URL(config.api, document.baseURI), document.documentElement.lang];
    return openers[this.name](push, observer, { mqttUrl, user, csrfToken, api, language });
  }

  /** An older version never replaces a newer one of the same user. */
  #onSnapshot(snapshot, onNews) {
    this.meter.message(snapshot);
    if (sameUser(this.snapshot, snapshot) && snapshot.version <= this.snapshot.version) return;
    this.snapshot = snapshot;
    this.#stale = true;
    onNews(this);
  }
}

/** Why this transport is not available here, or "". @param {string} name @param {Config} config */
function missing(name, { mqttUrl }) {
  if (!Object.hasOwn(openers, name)) return gettext("This site’s browser client does not speak it.");
  if (name === "mqtt" && !mqttUrl) {
    return gettext("No broker is known to this site: MQTT_WS_URL names none. “make run” starts one.");
  }
  return "";
}
