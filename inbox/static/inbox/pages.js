/* Reads pages of the list from the API. When they are read is decided in inbox.js. */

import { csrfTokens, fetchInSession } from "./shared/http.js";
import { InboxApi } from "./shared/inbox-api.js";
import { below } from "./shared/rows/merge.js";
import { PAGE, asItems, readPage } from "./shared/rows/reading.js";
import { sameUser } from "./shared/snapshot.js";

export const PAGE_MAX = 100; // items; the API's limit

/** With the session's cookie, and the CSRF token of the page for sites that hide the cookie. */
export function makeApi(root) {
  const field = root.querySelector("[name=csrfmiddlewaretoken]");
  const credential = { fetch: (url, init) => fetchInSession(url, init, csrfTokens(field?.value)) };
  const api = new InboxApi(new URL(root.dataset.api, document.baseURI), credential, document.documentElement.lang);
  return Object.assign(api, { site: location.href });
}

/**
 * The first page of `filter`, which the page has brought in its HTML, and with it {snapshot, important: the items above the list};
 * null if it has none.
 */
export function readBrought(api, root, filter) {
  const element = root.querySelector("#rd-page");
  element?.remove();
  const page = element && JSON.parse(element.textContent);
  if (!page || page.error) return null;
  return { ...asItems(api, page, page.items, filter), important: asItems(api, page, page.important, {}).items };
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

/**
 * As far down as the items on screen, since any of them may have changed, but no further than `most` items. One request is usually
 * enough.
 */
export async function readShown(api, filter, shown, most) {
  const page = await readPage(api, filter, "", Math.min(Math.max(shown.length, PAGE), PAGE_MAX));
  while (below(shown, page) && page.items.length < Math.min(2 * shown.length, most)) {
    const more = await readPage(api, filter, page.next, Math.min(below(shown, page), most - page.items.length, PAGE_MAX));
    if (!sameUser(page, more)) return more; // for the caller, which shows nothing of it
    page.items.push(...more.items);
    page.next = more.items.length ? more.next : null;
  }
  return page; // with the version of its first part, which was read before the others
}
