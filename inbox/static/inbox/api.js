/* The user's half of /api/v1/ (docs at /api/v1/docs): the page talks to the server through this file alone. */

import { readItems } from "./item.js";
import { gettext } from "./words.js";

/** `status` 0: the server could not be reached. `message` is fit for the reader. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class Api {
  /** `base` ends with a slash; `field` is the page's csrfmiddlewaretoken input, for sites that hide the cookie. */
  constructor(base, field) {
    this.base = base;
    this.field = field;
  }

  unread() {
    return this.#ask("GET", "unread/");
  }

  /** → {version, items, next}; `version` was read before the items. */
  async page({ type = "", unread = false, archived = false }, { before = "", limit = 20 } = {}) {
    const query = new URLSearchParams({ limit });
    const { lang } = document.documentElement;
    if (lang) query.set("language", lang);
    if (before) query.set("before", before);
    if (type) query.set("type", type);
    if (unread) query.set("unread", "1");
    if (archived) query.set("archived", "1");
    const page = await this.#ask("GET", `inbox/?${query}`);
    if (!Array.isArray(page?.items)) unreachable();
    return { ...page, items: readItems(page.items, location.href) };
  }

  /** `changes`: {read}, {archived} or {deleted: false} → snapshot. Outlives the page (a link may be taking over). */
  change(ref, changes) {
    return this.#ask("PATCH", `inbox/${encodeURIComponent(ref)}/`, changes, { keepalive: true });
  }

  remove(ref) {
    return this.#ask("DELETE", `inbox/${encodeURIComponent(ref)}/`);
  }

  /** Everything the list had shown at version `upTo` → snapshot. */
  readAll(upTo, type) {
    return this.#ask("POST", "inbox/read/", { up_to: upTo, ...(type && { type }) });
  }

  async #ask(method, path, body, options = {}) {
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["X-CSRFToken"] = this.#token();
    if (body) headers["Content-Type"] = "application/json";
    const init = { method, headers, body: body && JSON.stringify(body), credentials: "same-origin", ...options };
    return read(await fetch(this.base + path, init).catch(unreachable));
  }

  /* The cookie first: signing in again in another tab changes the secret under an open page. */
  #token() {
    return cookies().match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? this.field?.value ?? "";
  }
}

/* "" where the browser denies them. */
function cookies() {
  try {
    return document.cookie;
  } catch {
    return "";
  }
}

function unreachable() {
  throw new ApiError(0, gettext("Can’t reach the server."));
}

async function read(response) {
  if (response.ok) return response.json().catch(unreachable);
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401) throw new ApiError(401, gettext("You are no longer signed in."));
  throw new ApiError(response.status, problem.detail || problem.title || gettext("Something went wrong."));
}
