/** Dates as text in a language: ages, whole dates, names of days. */
import { h, setText } from "./dom.js";
import { gettext } from "./i18n.js";

const [MINUTE, HOUR] = [60_000, 3_600_000]; // milliseconds, as all below
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;

/** Each unit, and the age from which it is used, largest first. @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["day", DAY], ["hour", HOUR], ["minute", MINUTE]];

/** By language: making a formatter costs far more than using it. @type {Map<string, Record<string, any>>} */
const formatters = new Map();

function formattersOf(language) {
  const style = language.startsWith("de") ? "short" : "narrow"; // "vor 5 m" would be metres
  if (!formatters.has(language)) {
    formatters.set(language, {
      age: new Intl.RelativeTimeFormat(language, { style, numeric: "auto" }),
      day: new Intl.DateTimeFormat(language, { day: "numeric", month: "short" }),
      dayAndYear: new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" }),
      moment: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }),
      full: new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" }),
    });
  }
  return formatters.get(language);
}

/**
 * "now", "5m ago", "yesterday"; beyond the age `limit` the date.
 * @param {Date} date @param {string} language BCP 47 @param {number} limit @param {Date} [now]
 */
export function relativeTime(date, language, limit, now = new Date()) {
  const { age: ages, day, dayAndYear } = formattersOf(language);
  const age = now.getTime() - date.getTime();
  if (age >= limit) return (date.getFullYear() === now.getFullYear() ? day : dayAndYear).format(date);
  const [unit, size] = UNITS.find(([, size]) => age >= size) ?? ["second", Infinity];
  return ages.format(-Math.floor(Math.max(0, age) / size), unit);
}

/**
 * A <time> with the age as text and the whole date as tooltip.
 * @param {string} iso @param {string} language @param {number} limit
 */
export function timeElement(iso, language, limit) {
  const date = new Date(iso);
  return h("time", { datetime: iso, title: formattersOf(language).full.format(date) }, relativeTime(date, language, limit));
}

/** A <time> with the whole date and time of day. @param {Date} date @param {string} language */
export function momentElement(date, language) {
  return h("time", { datetime: date.toISOString(), "data-local": true }, formattersOf(language).moment.format(date));
}

/** Update the ages below `root`. @param {ParentNode} root @param {string} language @param {number} limit */
export function refreshTimes(root, language, limit) {
  for (const time of root.querySelectorAll("time:not(.rd-rich time, [data-local])")) setText(time, relativeTime(new Date(time.dateTime), language, limit));
}

/** Show the moments in a text in the browser's time zone; the server has done it for one that the user chose. @param {ParentNode} root @param {string} language */
export function localTimes(root, language) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    time.title = time.textContent;
    time.textContent = formattersOf(language).moment.format(new Date(time.dateTime));
  }
}

/** The heading that items of that date are listed under. @param {Date} date @param {Date} [now] */
export function dayName(date, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  if (date.getTime() >= midnight) return gettext("Today");
  if (date.getTime() >= midnight - DAY) return gettext("Yesterday");
  if (date.getTime() >= midnight - 6 * DAY) return gettext("Last 7 days");
  return gettext("Older");
}
