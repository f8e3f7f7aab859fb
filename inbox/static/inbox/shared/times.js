/**
 * Moments as text in a language. The rule is that of page/times.py; tests/moments.py has cases for both.
 *
 * Days are those of the reader's calendar in the reader's time zone: they are compared by date, because some have 23 hours,
 * some 25, and a few never were. What is of today shows the time of day, and so does what is later because a clock is wrong;
 * what is of yesterday, "Yesterday"; what is older, the date, with the year unless it is this one. Headings: "Today",
 * "Yesterday", "Last 7 days" (the five days before), "Older". Nothing is an age, so nothing is out of date before midnight.
 */
import { h, setText } from "./dom.js";
import { gettext } from "./i18n.js";

const [MINUTE, DAY] = [60_000, 86_400_000]; // milliseconds

/** By language: making a formatter costs far more than using it. @type {Map<string, Record<string, Intl.DateTimeFormat>>} */
const formatters = new Map();

function formattersOf(language) {
  if (!formatters.has(language)) {
    const format = (/** @type {Intl.DateTimeFormatOptions} */ options) => new Intl.DateTimeFormat(language, options);
    formatters.set(language, {
      time: format({ timeStyle: "short" }),
      day: format({ day: "numeric", month: "short" }),
      dayAndYear: format({ day: "numeric", month: "short", year: "numeric" }),
      moment: format({ dateStyle: "medium", timeStyle: "short" }),
      full: format({ dateStyle: "full", timeStyle: "short" }),
    });
  }
  return formatters.get(language);
}

/** Days of the calendar from 1970 to that date. @param {Date} date */
function dayNumber(date) {
  return new Date(0).setUTCFullYear(date.getFullYear(), date.getMonth(), date.getDate()) / DAY;
}

/** @param {Date} date @param {string} language BCP 47 @param {Date} [now] */
export function shortTime(date, language, now = new Date()) {
  const { time, day, dayAndYear } = formattersOf(language);
  const days = dayNumber(now) - dayNumber(date);
  if (days <= 0) return time.format(date);
  if (days === 1) return gettext("Yesterday");
  return (date.getFullYear() === now.getFullYear() ? day : dayAndYear).format(date);
}

/** The heading that items of that date are listed under. @param {Date} date @param {Date} [now] */
export function dayName(date, now = new Date()) {
  const days = dayNumber(now) - dayNumber(date);
  if (days <= 0) return gettext("Today");
  if (days === 1) return gettext("Yesterday");
  return days < 7 ? gettext("Last 7 days") : gettext("Older");
}

/** A <time> with its short text, and the whole date as tooltip. @param {string} iso @param {string} language */
export function timeElement(iso, language) {
  const date = new Date(iso);
  return h("time", { datetime: iso, title: formattersOf(language).full.format(date) }, shortTime(date, language));
}

/** A <time> with the date and time of day. @param {Date} date @param {string} language */
export function momentElement(date, language) {
  return h("time", { datetime: date.toISOString(), "data-local": true }, formattersOf(language).moment.format(date));
}

/** Update the short texts below `root`. @param {ParentNode} root @param {string} language */
export function refreshTimes(root, language) {
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (root.querySelectorAll("time[datetime]:not(.rd-rich time, [data-local])"))) {
    const date = new Date(time.dateTime);
    setText(time, shortTime(date, language));
    time.title = formattersOf(language).full.format(date);
  }
}

/** Show the moments in a text in the browser's time zone; the server has done it for one that the user chose. @param {ParentNode} root @param {string} language */
export function localTimes(root, language) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    time.title = time.textContent;
    time.textContent = formattersOf(language).moment.format(new Date(time.dateTime));
  }
}

/**
 * Call `changed` at the reader's midnight, and when the time zone changes. A computer that slept over midnight wakes its timers
 * late, and a hidden page slows them down: the day is looked at every minute, and when the page is shown again.
 * @param {() => void} changed @param {AbortSignal} [signal] ends it
 */
export function watchDays(changed, signal = new AbortController().signal) {
  let [known, timer] = [dayAndZone(), 0];
  const look = () => {
    clearTimeout(timer);
    const now = new Date();
    const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1).getTime();
    timer = setTimeout(look, Math.min(MINUTE, Math.max(1, midnight - now.getTime())));
    if (dayAndZone() === known) return;
    known = dayAndZone();
    formatters.clear(); // each keeps the zone that it was made in
    changed();
  };
  look();
  document.addEventListener("visibilitychange", look, { signal });
  addEventListener("pageshow", look, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
}

function dayAndZone() {
  const now = new Date();
  return `${dayNumber(now)} ${now.getTimezoneOffset()}`;
}
