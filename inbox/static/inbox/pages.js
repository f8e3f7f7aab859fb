/* Reads pages of the list from the API. When they are read is decided in inbox.js. */

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

/** {user, version, items, next}. Each item has the version of its page: a row may be newer than those above. `filter`: {type, unread, archived}; `before`: a cursor. */
export async function readPage(api, filter, before = "", limit = PAGE) {
  const page = await api.inbox(limit, { ...filter, before });
  const items = readItems(page.items, location.href).map((item) => ({ ...item, version: page.version }));
  return { ...page, items };
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
