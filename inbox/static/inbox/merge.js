/* What a freshly read first page means for the list on screen. Pure: no DOM, no network. */

/**
 * shown: the items on screen, newest first; next: the cursor after the last of them.
 * page:  {items, next} read just now from the top, with the same filter.
 * keep:  tells of an item missing from the page that it stays nevertheless (one the reader has just dealt with).
 *
 * → {items, next, fresh}: the list as it should be; its first `fresh` items are new at the top.
 */
export function merge(shown, next, page, keep = () => false) {
  const had = new Set(shown.map((item) => item.ref));
  const tail = beyond(shown, page);
  const items = withKept(shown, [...page.items, ...tail], keep);
  const fresh = items.findIndex((item) => had.has(item.ref));
  return { items, next: tail.length ? next : page.next, fresh: fresh < 0 ? items.length : fresh };
}

/* The items further down than the page reaches. What the page should have held and does not is gone. */
function beyond(shown, page) {
  const refs = new Set(page.items.map((item) => item.ref));
  const last = shown.findLastIndex((item) => refs.has(item.ref));
  if (page.next === null || last < 0) return [];
  return shown.slice(last + 1).filter((item) => !isNewer(item, page.items.at(-1)));
}

/** How many items on screen lie further down than the page reaches. */
export function below(shown, page) {
  return beyond(shown, page).length;
}

/* Both have dates, and that of `item` is later. */
function isNewer(item, other) {
  return Date.parse(item.created_at) > Date.parse(other.created_at);
}

/* `items` plus the kept ones, each after the item it stood under. */
function withKept(shown, items, keep) {
  const result = [...items];
  const refs = new Set(items.map((item) => item.ref));
  shown.forEach((item, at) => {
    if (refs.has(item.ref) || !keep(item)) return;
    const above = shown.slice(0, at).findLast((other) => refs.has(other.ref));
    result.splice(result.findIndex((other) => other.ref === above?.ref) + 1, 0, item);
    refs.add(item.ref);
  });
  return result;
}
