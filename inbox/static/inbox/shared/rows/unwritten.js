/** What an act that was not written has not done, in words; said.js says what was done. */
import { gettext, interpolate } from "../i18n.js";
import { said } from "./said.js";

const FLAGS = { read: ["unread", "read"], archived: ["unarchive", "archive"], starred: ["unstar", "star"] };
const MARKS = ["read", "unread", "star", "unstar"]; // nothing leaves the list by these, so they may be done later without being asked for

function undone(name) {
  return {
    read: gettext("“%(title)s” was not marked as read"),
    unread: gettext("“%(title)s” was not marked as unread"),
    star: gettext("“%(title)s” was not starred"),
    unstar: gettext("The star was not taken off “%(title)s”"),
    archive: gettext("“%(title)s” was not archived"),
    unarchive: gettext("“%(title)s” was not moved to the inbox"),
    delete: gettext("“%(title)s” was not deleted"),
    snooze: gettext("“%(title)s” was not snoozed"),
    wake: gettext("“%(title)s” is still snoozed"),
  }[name];
}

/** @param {object} changes of an item, as the API takes them @returns {string} as of said.js */
function nameOf(changes) {
  const [[field, value]] = Object.entries(changes);
  if (field === "deleted") return "delete";
  if (field === "snoozed_until") return value ? "snooze" : "wake";
  return FLAGS[field][Number(value)];
}

/** All of an act on one item (kept.js) but how it is sent. @param {{ref: string, title: string}} item @param {object} changes */
export function actOn(item, changes) {
  const name = nameOf(changes);
  return { key: `${item.ref} ${Object.keys(changes)}`, ref: item.ref, said: said(name), undone: interpolate(undone(name), item), marks: MARKS.includes(name) };
}

/** @param {string} filter of the list */
export function actOnAll(filter) {
  return { key: `all ${filter}`, ref: "", said: gettext("Marked all as read."), undone: gettext("Not everything was marked as read") };
}

/** @param {string} token that it undoes @param {string} ref of an item that comes back */
export function actOfUndoing(token, ref) {
  return { key: `undo ${token}`, ref, isUndo: true, said: gettext("Undone."), undone: gettext("Not everything was undone") };
}
