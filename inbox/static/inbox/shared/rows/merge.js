/* Merges a page that was just read into the list on screen. Pure functions, without DOM or network. */

/**
 * shown: the items on screen, newest first; next: the cursor after the last of them.
 * page:  {items, next}, just read from the top with the same filter.
 * keep:  whether an item that is missing from the page stays nevertheless (the user has just read it).
 * most:  items in the new list; the others can be loaded again.
 *
 * Returns {items, next, fresh}: the new list; its first `fresh` items are new.
 */
export function merge(shown, next, page, keep = () => false, most = Infinity) {
  const had = new Set(shown.map((item) => item.ref));
  const below = beyond(shown, page);
  const tail = page.items.length + below.length > most ? [] : below; // all or nothing: a cursor is known at its two ends
  const items = withKept(shown, [...page.items, ...tail], keep, most);
  const fresh = items.findIndex((item) => had.has(item.ref));
  return { items, next: tail.length ? next : page.next, fresh: fresh < 0 ? items.length : fresh };
}

/* The items below the last one of the page. Items missing within the page are gone. */
function beyond(shown, page) {
  const refs = new Set(page.items.map((item) => item.ref));
  const last = shown.findLastIndex((item) => refs.has(item.ref));
  if (page.next === null || last < 0) return [];
  return shown.slice(last + 1).filter((item) => !isNewer(item, page.items.at(-1)));
}

/** How many items on screen are below the last one of the page. */
export function below(shown, page) {
  return beyond(shown, page).length;
}

/** `items` with one that was taken off them, in its place among the refs of `order`. */
export function putBack(items, item, order) {
  const above = order.slice(0, order.indexOf(item.ref));
  const at = items.findLastIndex((each) => above.includes(each.ref)) + 1;
  return [...items.slice(0, at), item, ...items.slice(at)];
}

/* False if either has no date. */
function isNewer(item, other) {
  return Date.parse(item.created_at) > Date.parse(other.created_at);
}

/* `items` plus those to keep, each after the item that was above it. */
function withKept(shown, items, keep, most) {
  const result = [...items];
  const refs = new Set(items.map((item) => item.ref));
  shown.forEach((item, at) => {
    if (refs.has(item.ref) || result.length >= most || !keep(item)) return;
    const above = shown.slice(0, at).findLast((other) => refs.has(other.ref));
    result.splice(result.findIndex((other) => other.ref === above?.ref) + 1, 0, item);
    refs.add(item.ref);
  });
  return result;
}
