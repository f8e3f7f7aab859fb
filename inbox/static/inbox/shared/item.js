/* Checks the items of a response before they are shown. A value that can't be shown is replaced, and reported once in the
 * console, so that one bad item in the database never hides the others. */

import { h } from "./dom.js";
import { gettext } from "./i18n.js";

const LEVELS = ["info", "success", "warning", "critical"];
const LONGEST = 10_000; // characters of a text on screen
const LONGEST_HTML = 100_000; // characters; beyond it the plain text is shown
const LONGEST_NAME = 150; // characters
const REPORTED = 1000; // values that are reported once; a page may stay open for weeks
const reported = new Set(); // "comment-7 url"

const text = (value) => (["string", "number"].includes(typeof value) ? cut(String(value)) : undefined);
const word = (value) => text(value)?.trim() || undefined;
const flag = (value) => (typeof value === "boolean" ? value : undefined);
const date = (value) => (Number.isNaN(Date.parse(value)) ? undefined : new Date(value).toISOString());
const lang = (value) => (typeof value === "string" && /^[a-z-0-9]{2,35}$/i.test(value) ? value : undefined);
const words = (value) => (Array.isArray(value) ? value.filter((each) => typeof each === "string") : undefined);
const at = (value) => ([0, 1].includes(value) ? value : undefined);
const html = (value) => (typeof value === "string" && value.length <= LONGEST_HTML ? value : undefined);

/* Each: [read the value (undefined: can't be shown), its replacement, whether it may be absent]. */
const FIELDS = {
  ref: [word, () => "", false],
  type: [word, () => "", false],
  title: [word, () => gettext("Notification"), false],
  body: [text, () => "", true],
  body_html: [html, () => "", true],
  lang: [lang, () => "", true],
  created_at: [date, () => "", false],
  level: [(value) => (LEVELS.includes(value) ? value : undefined), () => "info", true],
  read: [flag, () => false, true],
  archived: [flag, () => false, true],
  starred: [flag, () => false, true],
  important: [flag, () => false, true],
  snoozed_until: [date, () => "", true],
  kinds: [words, () => [], true],
  pressed: [at, () => null, true],
};

/** The items of a response that can be shown. `base`: what their links are relative to. */
export function readItems(values, base) {
  const items = values.map((value, at) => readItem(value, base, `?${at}`));
  return items.filter((item) => item !== null);
}

/**
 * `value` as an item whose fields all have their types; null if it is no object. `created_at` is "" if unknown; `href` is the
 * address to follow, "" for none; `buttons` are {at, label, lang, href}; `actor` is {name, picture, href} or null. `name` replaces a missing ref.
 * @param {any} value @param {string|URL} base @param {string} [name] @returns {any}
 */
export function readItem(value, base, name = "?") {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return report(name, "item", value), null;
  const ref = word(value.ref) ?? name;
  const item = Object.fromEntries(Object.keys(FIELDS).map((field) => [field, readField(value, field, ref)]));
  return { ...item, ref, href: readLink(value.url, base, ref), buttons: readButtons(value.buttons, base, ref), actor: readActor(value.actor, base, ref) };
}

/* {name, picture, href}, or null. */
function readActor(value, base, ref) {
  if (value === undefined || value === null) return null;
  const name = word(value.name);
  if (!name) return report(ref, "actor", value), null;
  return { name: name.slice(0, LONGEST_NAME), picture: readLink(value.picture, base, ref), href: readLink(value.url, base, ref) };
}

/* Each with its number, by which clicks are counted. */
function readButtons(value, base, ref) {
  if (value !== undefined && !Array.isArray(value)) report(ref, "buttons", value);
  const buttons = (Array.isArray(value) ? value : []).map((each, at) => (
    { at, label: word(each?.label), lang: lang(each?.lang) ?? "", href: readLink(each?.url, base, ref) }));
  return buttons.filter(({ label, href }) => label && href);
}

function readField(value, field, ref) {
  const [read, otherwise, optional] = FIELDS[field];
  const found = read(value[field]);
  if (found !== undefined) return found;
  if (!optional || (value[field] !== undefined && value[field] !== null)) report(ref, field, value[field]);
  return otherwise();
}

/* Only http(s). */
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

/**
 * The buttons of an item, as links with their numbers in `data-button`. The one that was pressed last says so, in the language
 * of the page. @param {any} item @param {Record<string, any>} attributes of each
 */
export function buttonLinks({ buttons, pressed }, attributes) {
  return buttons.map(({ at, label, lang, href }) => {
    const word = at === pressed ? h("bdi", { class: "rd-chosen" }, ` (${gettext("chosen")})`) : null;
    return h("a", { ...attributes, href, "data-button": String(at) }, h("span", { lang: lang || null }, label), word);
  });
}

/** The word shown before the title of an item of this level, or "". */
export function levelWord(level) {
  return { warning: gettext("Warning"), critical: gettext("Critical") }[level] ?? "";
}

function report(ref, field, value) {
  const place = `${ref} ${field}`;
  if (reported.has(place)) return;
  reported.add(place);
  if (reported.size > REPORTED) reported.delete(reported.values().next().value);
  console.warn(`Red Dot: the ${field} of ${ref} can't be shown`, value);
}
