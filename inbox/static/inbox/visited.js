/**
 * `{% visited %}`: once the page is visible, what the user has unread about its subject is read. A prerendered page, or one in a
 * background tab, is not visible until it is shown; without this script nothing is read.
 */
import { Api } from "./shared/api.js";
import { csrfTokens, fetchInSession } from "./shared/http.js";
import { whenVisible } from "./shared/visible.js";

whenVisible(() => {
  for (const { dataset: { inboxVisit, api, csrf } } of document.querySelectorAll("[data-inbox-visit]")) {
    const credential = { fetch: (url, init) => fetchInSession(url, init, csrfTokens(csrf)) };
    // Whoever has an open bell gets the new number by push; a page that can't be reached leaves the items unread.
    new Api(new URL(api, document.baseURI), credential).visited(inboxVisit).catch(() => {});
  }
});
