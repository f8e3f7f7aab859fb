/* What the list says where it lists nothing, and the link that leads on; page/empty.py says the same. */

import { gettext, interpolate } from "./shared/i18n.js";

/**
 * {title, text, link, to}: the text of the link, "" for none, and what it changes of the filter. `label`: of the type that is chosen.
 * @param {any} filter as of filters.js @param {string} label
 */
export function emptyOf({ q, type, view, thread, before }, label) {
  if (before) return { title: gettext("Nothing is left on this page."), text: "", link: gettext("Show the newest"), to: {} };
  if (q) {
    const text = interpolate(gettext("Nothing here has all words of “%(words)s”."), { words: q });
    return { title: gettext("Nothing found"), text, link: gettext("Clear the search"), to: { q: "" } };
  }
  if (thread) {
    const text = gettext("Its notifications are archived, snoozed or gone.");
    return { title: gettext("Nothing is left in this thread."), text, link: gettext("Show all threads"), to: { thread: "", view: "threads" } };
  }
  if (type) {
    const text = interpolate(gettext("Only “%(type)s” are shown."), { type: label });
    return { title: gettext("Nothing of this kind"), text, link: gettext("Show all kinds"), to: { type: "" } };
  }
  const [title, text] = ofView(view);
  const isInbox = ["", "threads"].includes(view); // of which nothing is more
  return { title, text, link: isInbox ? "" : gettext("Show the whole inbox"), to: { view: "" } };
}

function ofView(view) {
  switch (view) {
    case "unread":
      return [gettext("You’re all caught up"), gettext("Nothing unread. New notifications show up here by themselves.")];
    case "archived":
      return [gettext("The archive is empty"), gettext("What you archive is kept here, out of the way.")];
    case "starred":
      return [gettext("Nothing is starred"), gettext("What you star is kept here, until you take the star off.")];
    case "snoozed":
      return [gettext("Nothing is snoozed"), gettext("What you snooze waits here, and comes back unread when its time has come.")];
    default:
      return [gettext("Your inbox is empty"), gettext("Whatever concerns you shows up here by itself.")];
  }
}
