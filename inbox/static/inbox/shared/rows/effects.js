/* What an act does to an item on screen, before it is written. Pure functions. */

/** Whether an item that is changed so is no longer listed. */
export function leaves(changes, filter) {
  if (filter.snoozed) return !("starred" in changes) && !changes.snoozed_until;
  return ("archived" in changes && !filter.starred) || Boolean(changes.snoozed_until);
}

export function changed(item, changes) {
  const next = { ...item, ...changes };
  if (changes.archived) next.read = true;
  if (item.thread && next.read !== item.read) next.unread = next.read ? 0 : item.items;
  return next;
}

/** `now` without what has made `next` of `item`; what other acts have changed stays, since they may be written. */
export function takenBack(now, item, next) {
  const fields = Object.keys(next).filter((name) => next[name] !== item[name] && now[name] === next[name]);
  return { ...now, ...Object.fromEntries(fields.map((name) => [name, item[name]])) };
}
