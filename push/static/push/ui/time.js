import { h } from "./dom.js";

/** Seconds of each unit, largest first, and above how many we name it. @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const WEEK = 7 * 86400;

/** `name` if Intl takes it; "en" for what pages call their language otherwise ("en_US", ""). @param {string} name */
export function languageOf(name) {
  try {
    return Intl.getCanonicalLocales(name)[0] ?? "en";
  } catch {
    return "en";
  }
}

/**
 * "now", "5 min. ago", "yesterday"; after a week the date.
 * @param {Date} date @param {string} language BCP 47 @param {number} [now] milliseconds
 */
export function relative(date, language, now = Date.now()) {
  const age = (now - date.getTime()) / 1000;
  if (age > WEEK) return dated(date, language, now);
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "narrow" });
  const [unit, seconds] = UNITS.find(([, size]) => age >= size) ?? ["second", 0];
  return format.format(seconds ? -Math.floor(age / seconds) : 0, unit);
}

function dated(date, language, now) {
  const year = date.getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString(language, { day: "numeric", month: "short", year });
}

/** @param {string} iso @param {string} language @returns {HTMLTimeElement} the whole date is its tooltip */
export function timeElement(iso, language) {
  const date = new Date(iso);
  const title = date.toLocaleString(language, { dateStyle: "full", timeStyle: "short" });
  return h("time", { datetime: iso, title }, relative(date, language));
}

/** Brings every <time> below `root` up to now. @param {ParentNode} root @param {string} language */
export function refreshTimes(root, language) {
  for (const time of root.querySelectorAll("time")) time.textContent = relative(new Date(time.dateTime), language);
}
