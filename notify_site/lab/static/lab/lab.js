/** The lab page: creates its parts, and decides when they connect and when they are painted. */
import { setText } from "../inbox/shared/dom.js";
import { Claims } from "./claims.js";
import { Clock } from "./clock.js";
import { Experiments } from "./experiments.js";
import { Station } from "./station.js";
import { Turn } from "./turn.js";
import { count, gettext, interpolate, ngettext } from "./words.js";

const REFRESH = 250; // milliseconds between paints of the figures; the numbers of the cards are painted at once

const bell = /** @type {any} */ (document.querySelector("notification-bell"));
const config = JSON.parse(document.getElementById("lab-config")?.textContent ?? "{}");
config.csrfToken = bell?.getAttribute("csrf-token") ?? "";

document.querySelector("[data-late]")?.remove();
let painting = false;
const clock = new Clock(config.urls.clock);
const stations = [...document.querySelectorAll("[data-transport]")].map((element) => {
  const name = /** @type {HTMLElement} */ (element).dataset.transport;
  const row = /** @type {Element} */ (document.querySelector(`[data-row="${name}"]`));
  return new Station(/** @type {HTMLElement} */ (element), row, config, paintSoon);
});
const present = stations.filter((station) => station.available);
const experiments = new Experiments(config, clock, present, () => awake);
const claims = new Claims(stations, config);
const turn = new Turn(() => sleep());
let awake = false;

function paintSoon() {
  if (!painting) requestAnimationFrame(paint);
  painting = true;
}

function paint() {
  painting = false;
  for (const station of present) station.paint();
}

function wake() {
  if (awake || document.hidden) return;
  awake = true;
  turn.take();
  clock.sync();
  for (const station of present) station.connect();
}

function sleep() {
  if (!awake) return;
  awake = false;
  turn.leave();
  experiments.stopOffline();
  for (const station of present) station.end("asleep");
}

/** Show whether all cards have the newest state. */
function showAgreement() {
  const newest = Math.max(...present.map(({ snapshot }) => snapshot?.version ?? -1));
  const behind = present.filter(({ snapshot }) => snapshot?.version !== newest);
  const line = /** @type {HTMLElement} */ (document.querySelector("[data-agreement]"));
  const text = newest < 0 ? "" : agreement(behind);
  line.dataset.agreed = String(!behind.length);
  setText(line, text);
}

function agreement(behind) {
  if (behind.length) {
    return interpolate(gettext("Not there yet: %(names)s."), { names: behind.map(({ title }) => title).join(", ") });
  }
  const format = ngettext("%(count)s card shows the newest state.", "All %(count)s cards show the same, newest state.", present.length);
  return interpolate(format, { count: count(present.length) });
}

function refresh() {
  for (const { card } of present) card.showFigures();
  claims.render();
  showAgreement();
  const newest = present.reduce((best, { snapshot }) => ((snapshot?.version ?? -1) > (best?.version ?? -1) ? snapshot : best), null);
  if (newest) bell?.offer?.({ ...newest, item: undefined }); // the cards show the item, so no toast
}

document.addEventListener("visibilitychange", () => (document.hidden ? sleep() : wake()));
addEventListener("focus", wake); // from another window of the lab
addEventListener("pagehide", sleep);
addEventListener("pageshow", wake);
setInterval(refresh, REFRESH);
wake();
