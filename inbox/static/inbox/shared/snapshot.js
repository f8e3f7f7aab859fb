/** Whose snapshot or page of items it is. Ids are compared as text: they are numbers, or strings (UUIDs, numbers beyond 2^53 - 1). */

/** @param {{user: number|string}} snapshot @param {string} user */
export function belongsTo(snapshot, user) {
  return String(snapshot.user) === user;
}

/** @param {{user: number|string}|null} one @param {{user: number|string}} other */
export function sameUser(one, other) {
  return one !== null && belongsTo(one, String(other.user));
}
