/* What an act has done, in words; `inbox/page/notices.py` says the same. */

import { gettext, interpolate, languageOf, ngettext } from "../i18n.js";

const format = new Intl.NumberFormat(languageOf(document.documentElement.lang), { numberingSystem: "latn" });

/** "12,345" */
export function grouped(number) {
  return format.format(number);
}

/** What was done to one item; or to `n` items, as the server has counted them. `name`: read, unread, archive, … */
export function said(name, n = null) {
  if (n === 0) return gettext("There was nothing to change.");
  return n === null ? ofOne(name) : interpolate(ofMany(name, n), { n: grouped(n) });
}

/** What an undo has done. */
export function saidUndone({ skipped }) {
  const stay = ngettext("%(n)s was changed since, and stays as it is.", "%(n)s were changed since, and stay as they are.", skipped);
  return skipped ? `${gettext("Undone.")} ${interpolate(stay, { n: grouped(skipped) })}` : gettext("Undone.");
}

function ofOne(name) {
  return {
    read: gettext("Marked as read."),
    unread: gettext("Marked as unread."),
    star: gettext("Starred."),
    unstar: gettext("Star taken off."),
    archive: gettext("Archived."),
    unarchive: gettext("Moved to the inbox."),
    delete: gettext("Deleted."),
    snooze: gettext("Snoozed."),
    wake: gettext("Back in the inbox."),
  }[name];
}

function ofMany(name, n) {
  return {
    read: ngettext("%(n)s marked as read.", "%(n)s marked as read.", n),
    unread: ngettext("%(n)s marked as unread.", "%(n)s marked as unread.", n),
    star: ngettext("%(n)s starred.", "%(n)s starred.", n),
    unstar: ngettext("Star taken off %(n)s.", "Stars taken off %(n)s.", n),
    archive: ngettext("%(n)s archived.", "%(n)s archived.", n),
    unarchive: ngettext("%(n)s moved to the inbox.", "%(n)s moved to the inbox.", n),
    delete: ngettext("%(n)s deleted.", "%(n)s deleted.", n),
    snooze: ngettext("%(n)s snoozed.", "%(n)s snoozed.", n),
    wake: ngettext("%(n)s back in the inbox.", "%(n)s back in the inbox.", n),
  }[name];
}
