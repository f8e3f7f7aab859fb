/* Reads pages of items or threads from the API, and gives threads the shape of items. */

import { readItems } from "../item.js";
import { sameUser } from "../snapshot.js";

export const PAGE = 20; // items

/**
 * {user, version, items, next}. Each item has the version of its page: a row may be newer than those above. `filter`: as of
 * filters.js; `before`: a cursor.
 */
export async function readPage(api, filter, before = "", limit = PAGE) {
  if (filter.threads) return readThreads(api, filter, before, limit);
  const page = await api.inbox(limit, { ...filter, before: before || filter.before });
  if (!page.items.length && page.next !== null) {
    // A search among very many items: it goes on in the next request. Its version is that of its first part.
    const more = await readPage(api, filter, page.next, limit);
    return sameUser(page, more) ? { ...more, version: page.version } : more;
  }
  return asItems(api, page, page.items, filter);
}

/* The same, with threads in the shape of items. */
async function readThreads(api, filter, before, limit) {
  const { q, type, unread } = filter;
  const page = await api.threads(limit, { q, type, unread, before: before || filter.before });
  return asItems(api, page, page.threads, filter);
}

/* The page, with its values as items: threads if the filter lists these. */
export function asItems({ site }, page, values, filter) {
  const items = filter.threads ? values.flatMap((thread) => readThread(site, thread, filter)) : readItems(values, site);
  return { ...page, items: items.map((item) => ({ ...item, version: page.version })) };
}

/*
 * `ref` is the key of the thread, `newest` the ref of its newest item. A thread of one is shown as that item, with the time that
 * orders the list: it may have come back from a snooze. The link of another leads to the page of its items.
 */
function readThread(site, { key, title, items, unread, moved_at: moved, newest }, { q, type }) {
  const [item] = readItems([newest], site);
  if (!item || typeof key !== "string") return [];
  const [{ title: headline, created_at: time }] = readItems([{ ...newest, title, created_at: moved }], site);
  const row = { ...item, ref: key, newest: item.ref, created_at: time };
  if (!(items > 1)) return [row];
  const { href } = new URL(`?${new URLSearchParams({ ...(q && { q }), ...(type && { type }), thread: key })}`, site);
  const none = { body: "", body_html: "", href, buttons: [] };
  return [{ ...row, ...none, title: headline, read: !unread, thread: key, items, unread }];
}

/** The same for the items of one thread that the filter {q, type} chooses. */
export async function readParts(api, key, { q, type }, before = "", limit = PAGE) {
  const page = await (q || type ? api.inbox(limit, { q, type, thread: key, before }) : api.thread(key, limit, before));
  return asItems(api, page, page.items, {});
}
