/* Reads pages of the list from the API. When they are read is decided in inbox.js. */

import { address } from "./filters.js";
import { below } from "./merge.js";
import { Api } from "./shared/api.js";
import { csrfTokens, fetchInSession } from "./shared/http.js";
import { readItems } from "./shared/item.js";
import { sameUser } from "./shared/snapshot.js";

export const PAGE = 20; // items
const PAGE_MAX = 100; // items; the API's limit

/** With the session's cookie, and the CSRF token of the page for sites that hide the cookie. */
export function makeApi(root) {
  const field = root.querySelector("[name=csrfmiddlewaretoken]");
  const credential = { fetch: (url, init) => fetchInSession(url, init, csrfTokens(field?.value)) };
  return new Api(new URL(root.dataset.api, document.baseURI), credential, document.documentElement.lang);
}

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
  return asItems(page, page.items, filter);
}

/**
 * The first page of `filter`, which the page has brought in its HTML, and with it {snapshot, important: the items above the list};
 * null if it has none.
 */
export function readBrought(root, filter) {
  const element = root.querySelector("#rd-page");
  element?.remove();
  const page = element && JSON.parse(element.textContent);
  if (!page || page.error) return null;
  return { ...asItems(page, page.items, filter), important: asItems(page, page.important, {}).items };
}

/* The same, with threads in the shape of items. */
async function readThreads(api, filter, before, limit) {
  const { q, type } = filter;
  const page = await api.threads(limit, { q, type, before: before || filter.before });
  return asItems(page, page.threads, filter);
}

/* The page, with its values as items: threads if the filter lists these. */
function asItems(page, values, filter) {
  const items = filter.threads ? values.flatMap((thread) => readThread(thread, filter)) : readItems(values, location.href);
  return { ...page, items: items.map((item) => ({ ...item, version: page.version })) };
}

/*
 * `ref` is the key of the thread, `newest` the ref of its newest item. A thread of one is shown as that item, with the time that
 * orders the list: it may have come back from a snooze. The link of another leads to the page of its items.
 */
function readThread({ key, title, items, unread, moved_at: moved, newest }, { q, type }) {
  const [item] = readItems([newest], location.href);
  if (!item || typeof key !== "string") return [];
  const [{ title: headline, created_at: time }] = readItems([{ ...newest, title, created_at: moved }], location.href);
  const row = { ...item, ref: key, newest: item.ref, created_at: time };
  if (!(items > 1)) return [row];
  const href = new URL(address({ q, type, thread: key }), location.href).href;
  const none = { body: "", body_html: "", href, buttons: [] };
  return [{ ...row, ...none, title: headline, read: !unread, thread: key, items, unread }];
}

/** The same for the items of one thread that the filter {q, type} chooses. */
export async function readParts(api, key, { q, type }, before = "", limit = PAGE) {
  const page = await (q || type ? api.inbox(limit, { q, type, thread: key, before }) : api.thread(key, limit, before));
  return asItems(page, page.items, {});
}

/** As `readPage`, of as many `rows`, in several requests if need be; at least one page. */
export async function readDown(api, filter, rows, before = "") {
  const page = await readPage(api, filter, before, Math.min(Math.max(rows, PAGE), PAGE_MAX));
  while (page.items.length < rows && page.next !== null) {
    const more = await readPage(api, filter, page.next, Math.min(rows - page.items.length, PAGE_MAX));
    if (!sameUser(page, more)) return more; // for the caller, which shows nothing of it
    page.items.push(...more.items);
    page.next = more.next;
  }
  return page;
}

/** As far down as the items on screen, since any of them may have changed. One request is usually enough. */
export async function readShown(api, filter, shown) {
  const page = await readPage(api, filter, "", Math.min(Math.max(shown.length, PAGE), PAGE_MAX));
  while (below(shown, page) && page.items.length < 2 * shown.length) {
    const more = await readPage(api, filter, page.next, Math.min(below(shown, page), PAGE_MAX));
    if (!sameUser(page, more)) return more; // for the caller, which shows nothing of it
    page.items.push(...more.items);
    page.next = more.items.length ? more.next : null;
  }
  return page; // with the version of its first part, which was read before the others
}
