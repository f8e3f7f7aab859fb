/**
 * The buttons of the lab: what each does. The server's half is notify_site/lab/views.py.
 * @import {Clock} from "./clock.js" @import {Config, Station} from "./station.js"
 */
import { csrfTokens, fetchInSession, readJson } from "../inbox/shared/http.js";
import { pause } from "../inbox/shared/timing.js";
import { count, duration, gettext, interpolate, ngettext } from "./words.js";

const OFFLINE = 8; // seconds
const PROGRESS = 0.5; // seconds between two requests for the progress of a burst

/** One method per button. */
export class Experiments {
  #status = /** @type {HTMLElement} */ (document.querySelector("[data-status]"));
  #offline = 0; // timer
  #running = false; // a burst

  /** @param {Config} config @param {Clock} clock @param {Station[]} stations @param {() => boolean} awake */
  constructor(config, clock, stations, awake) {
    this.config = config;
    this.clock = clock;
    this.stations = stations;
    this.awake = awake;
    for (const name of /** @type {const} */ (["event", "burst", "broadcast", "disconnect", "offline"])) {
      this.#button(name).addEventListener("click", () => this.#do(name));
    }
  }

  /** @param {"event"|"burst"|"broadcast"|"disconnect"|"offline"} name */
  async #do(name) {
    if (this.#button(name).ariaDisabled === "true") return;
    try {
      await this[name]();
    } catch (error) {
      this.#say(error.status ? error.message : gettext("That didn’t work. Check your connection and try again."));
    }
  }

  async event() {
    const { commits } = await this.#post("event");
    this.#expect(commits);
    this.#say(gettext("One event is committed."));
  }

  async broadcast() {
    const { commits } = await this.#post("broadcast");
    this.#expect(commits);
    this.#say(gettext("A broadcast is out, for everybody on this site. It goes away after ten minutes."));
  }

  async disconnect() {
    await this.#post("disconnect");
    this.#say(gettext("The server has ended your connections, as if it restarted: WebSocket with 1012, streams with their end, "
      + "the long poll with 304. MQTT’s is to the broker, and stays."));
  }

  async burst() {
    if (this.#running) return;
    this.#setRunning(true);
    try {
      await this.#post("burst").then(({ burst, total }) => this.#follow(burst, total));
    } finally {
      this.#setRunning(false);
    }
  }

  /** Close every connection as if there were no network; reconnect after a while, or at a second press. */
  async offline() {
    if (this.#offline) return this.#online();
    for (const station of this.stations) station.end("offline");
    this.#offline = setTimeout(() => this.#online(), OFFLINE * 1000);
    this.#button("offline").ariaPressed = "true";
    const format = ngettext("Offline for %(count)s second. What happens meanwhile is caught up with in one message.",
      "Offline for %(count)s seconds. What happens meanwhile is caught up with in one message.", OFFLINE);
    this.#say(interpolate(format, { count: count(OFFLINE) }));
  }

  stopOffline() {
    clearTimeout(this.#offline);
    this.#offline = 0;
    this.#button("offline").ariaPressed = "false";
  }

  #online() {
    this.stopOffline();
    if (!this.awake()) return;
    for (const station of this.stations) station.connect();
    this.#say(gettext("Online again."));
  }

  async #follow(burst, total) {
    for (;;) {
      const { done, ended, commits } = await readJson(await fetch(`${this.config.urls.burst}${burst}/`, { cache: "no-store" }));
      if (ended) return this.#measure(commits, total);
      this.#say(interpolate(gettext("Burst: %(done)s of %(total)s commits."), { done: count(done), total: count(total) }));
      await pause(PROGRESS);
    }
  }

  /** @param {[number, number][]} commits */
  #measure(commits, total) {
    this.#expect(commits);
    if (commits.length < total) return this.#say(interpolate(gettext("The burst ended early, after %(done)s commits."), { done: count(commits.length) }));
    const took = duration(commits[commits.length - 1][1] - commits[0][1]);
    this.#say(interpolate(gettext("%(total)s commits in %(took)s, one after the other."), { total: count(total), took }));
  }

  /** @param {[number, number][]} commits */
  #expect(commits) {
    const ours = commits.map(([version, at]) => /** @type {[number, number]} */ ([version, this.clock.local(at)]));
    for (const { meter } of this.stations) meter.latency.expect(ours);
  }

  async #post(name) {
    return readJson(await fetchInSession(this.config.urls[name], { method: "POST" }, csrfTokens(this.config.csrfToken)));
  }

  #setRunning(running) {
    this.#running = running;
    this.#button("burst").ariaBusy = String(running);
    this.#status.ariaBusy = String(running); // screen readers announce its end, not every step
  }

  /** @returns {HTMLButtonElement} */
  #button(name) {
    return /** @type {HTMLButtonElement} */ (document.querySelector(`[data-act="${name}"]`));
  }

  #say(text) {
    this.#status.textContent = text;
  }
}
