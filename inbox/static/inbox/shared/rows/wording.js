/*
 * What a row says to those who hear it: the words around its title, and the names of its buttons. `inbox/page/wording.py` says the
 * same of the same item; tests/wordings.py has cases for both.
 */

import { gettext, interpolate, ngettext } from "../i18n.js";

const LONGEST = 100; // characters of a title in the name of a button
const ENDED = /[.!?…:。！？：؟]["'”’»«」』)\]]*$/u; // such a title needs no full stop
const FULL_WIDTH = /^(zh|ja)\b/i; // languages whose punctuation has its space in it

/** "Unread. Starred. Thread of 5, 2 unread:"; "" if it is neither. */
export function saidBefore({ read, starred, thread, items, unread }) {
  const parts = [read ? "" : gettext("Unread."), starred ? gettext("Starred.") : "", thread ? sizeOf(items, unread) : ""];
  return parts.filter(Boolean).join(" ");
}

function sizeOf(items, unread) {
  const format = unread
    ? ngettext("Thread of %(n)s, %(unread)s unread:", "Thread of %(n)s, %(unread)s unread:", items)
    : ngettext("Thread of %(n)s:", "Thread of %(n)s:", items);
  return interpolate(format, { n: items, unread });
}

/** What ends the title before the time is said, so that nobody takes it for a part of it. @param {string} title @param {string} language */
export function fullStop(title, language) {
  if (ENDED.test(title.trimEnd())) return "";
  return FULL_WIDTH.test(language) ? "。" : ".";
}

/** "Archive: Alice commented on Tea". @param {string} act @param {string} title @param {string} language */
export function nameOf(act, title, language) {
  const letters = [...title.trim()];
  const about = letters.length > LONGEST ? `${letters.slice(0, LONGEST).join("").trimEnd()}…` : letters.join("");
  return `${act}${FULL_WIDTH.test(language) ? "：" : ": "}${about}`;
}
