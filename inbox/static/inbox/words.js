/* Words and times in the reader's language. The catalog (Django's JavaScriptCatalog) is optional: else English. */

const language = known(document.documentElement.lang);
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]; // ms

export const gettext = (text) => globalThis.gettext?.(text) ?? text;

export const ngettext = (one, many, n) => globalThis.ngettext?.(one, many, n) ?? (n === 1 ? one : many);

/** Fill `%(name)s` from `values`. */
export const fill = (text, values) => text.replace(/%\((\w+)\)[sd]/g, (_, name) => values[name]);

/** A page may name its language in a way that Intl refuses ("en_US"): then English, rather than no inbox. */
function known(name) {
  try {
    return Intl.getCanonicalLocales(name)[0] ?? "en";
  } catch {
    return "en";
  }
}

const short = new Intl.RelativeTimeFormat(language, { style: "narrow", numeric: "auto" });
const dayAndMonth = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const withYear = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" });
const whole = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });

/** "now", "3m ago", "2h ago", then a date. */
export function shortTime(date, now = new Date()) {
  const age = now - date;
  if (age < MINUTE) return gettext("now");
  if (age < HOUR) return short.format(-Math.floor(age / MINUTE), "minute");
  if (age < DAY) return short.format(-Math.floor(age / HOUR), "hour");
  return (date.getFullYear() === now.getFullYear() ? dayAndMonth : withYear).format(date);
}

export const fullTime = (date) => whole.format(date);

/** The heading an item of that date stands under. */
export function dayName(date, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  if (date >= midnight) return gettext("Today");
  if (date >= midnight - DAY) return gettext("Yesterday");
  if (date >= midnight - 6 * DAY) return gettext("Last 7 days");
  return gettext("Older");
}
