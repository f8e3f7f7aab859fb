/* What the server says about one item, made fit to be shown. A value that can't be shown is replaced and named once in
 * the console, so that one bad item, however it came into the database, never hides the others. */

import { gettext } from "./words.js";

const LEVELS = ["info", "success", "warning", "critical"];
const LONGEST = 10_000; // characters of a text on screen
const LONGEST_HTML = 100_000; // beyond it the plain text is shown
const reported = new Set(); // "comment-7 url": once per page is enough

const text = (value) => (["string", "number"].includes(typeof value) ? cut(String(value)) : undefined);
const word = (value) => text(value)?.trim() || undefined;
const flag = (value) => (typeof value === "boolean" ? value : undefined);
const date = (value) => (Number.isNaN(Date.parse(value)) ? undefined : new Date(value).toISOString());
const html = (value) => (typeof value === "string" && value.length <= LONGEST_HTML ? value : undefined);

/* Each: [reads the value (undefined: can't be shown), what stands in for it, whether it may be absent]. */
const FIELDS = {
  ref: [word, () => "", false],
  type: [word, () => "", false],
  title: [word, () => gettext("Notification"), false],
  body: [text, () => "", true],
  body_html: [html, () => "", true],
  created_at: [date, () => "", false],
  level: [(value) => (LEVELS.includes(value) ? value : undefined), () => "info", true],
  read: [flag, () => false, true],
  archived: [flag, () => false, true],
};

/** The items that can be shown of a list in an answer. `base`: the address that their paths belong to. */
export function readItems(values, base) {
  const items = values.map((value, at) => readItem(value, base, `?${at}`));
  return items.filter((item) => item !== null);
}

/**
 * `value` as an item whose fields all have their types: `created_at` is "" if unknown, and `href` the address to follow,
 * "" for none. Null if it is no object. `name` is its ref if it has none.
 */
export function readItem(value, base, name = "?") {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return report(name, "item", value), null;
  const ref = word(value.ref) ?? name;
  const item = Object.fromEntries(Object.keys(FIELDS).map((field) => [field, readField(value, field, ref)]));
  return { ...item, ref, href: readLink(value.url, base, ref) };
}

function readField(value, field, ref) {
  const [read, otherwise, optional] = FIELDS[field];
  const found = read(value[field]);
  if (found !== undefined) return found;
  if (!optional || (value[field] !== undefined && value[field] !== null)) report(ref, field, value[field]);
  return otherwise();
}

/* http(s) only, wherever the link came from. */
function readLink(url, base, ref) {
  if (url === undefined || url === null || url === "") return "";
  const { protocol, href } = typeof url === "string" && URL.canParse(url, base) ? new URL(url, base) : {};
  if (["http:", "https:"].includes(protocol)) return href;
  report(ref, "url", url);
  return "";
}

function cut(value) {
  return value.length > LONGEST ? `${value.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, "")}…` : value;
}

function report(ref, field, value) {
  const place = `${ref} ${field}`;
  if (reported.has(place)) return;
  reported.add(place);
  console.warn(`Red Dot: the ${field} of ${ref} can't be shown`, value);
}
