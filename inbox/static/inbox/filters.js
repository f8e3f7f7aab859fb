/* The filter of the list, kept in the address: ?q=tea&type=comment&view=unread, or ?thread=<key>. Filters are links, so they also work in a new tab. */

import { isPlainClick, setText } from "./shared/dom.js";

const EDGE = 24; // pixels beside the link that is chosen
const VIEWS = ["unread", "threads", "starred", "snoozed", "archived"];

/**
 * Returns {q, type, view, thread: the key of the one whose items are listed, before: the cursor of a page further down}, and the
 * view as a flag ({unread: true}); unknown values mean no filter. The server reads it in the same way (page/filters.py).
 */
export function readFilter(types, search = location.search) {
  const query = new URLSearchParams(search);
  const type = types.includes(query.get("type")) ? query.get("type") : "";
  const [thread, before] = ["thread", "before"].map((name) => query.get(name) ?? "");
  const view = !thread && VIEWS.includes(query.get("view")) ? query.get("view") : "";
  const q = (query.get("q") ?? "").trim();
  return { q, type, view, thread, before, ...(view && { [view]: true }) };
}

/** What the API knows of a filter: all that it lists, wherever the page begins. */
export function listed({ q, type, view, thread }) {
  return { ...(q && { q }), ...(type && { type }), ...(thread && { thread }), ...(view && view !== "threads" && { [view]: true }) };
}

/** From the top of the list. */
export function address({ q, type, view, thread }) {
  const query = new URLSearchParams({ ...(q && { q }), ...(type && { type }), ...(view && { view }), ...(thread && { thread }) });
  return query.size ? `?${query}` : location.pathname;
}

/** The links with data-type and data-view around the list and their counts, the one out of an empty list, and the form that searches. */
export class Filters {
  /**
   * `onChange(filter)` is called when the user chooses another filter, or goes back in history.
   * @param {import("./position.js").Position} position
   */
  constructor(root, position, onChange) {
    this.position = position;
    this.list = root.querySelector("[data-list]");
    this.links = [...root.querySelectorAll("a[data-type], a[data-view]")];
    this.types = this.links.flatMap((link) => link.dataset.type || []);
    this.onChange = onChange;
    this.current = readFilter(this.types);
    for (const link of this.links) link.addEventListener("click", (event) => this.#onClick(event, link));
    const lead = root.querySelector("[data-lead]");
    lead.addEventListener("click", (event) => this.#onLead(event, lead));
    this.form = root.querySelector("[data-search]");
    this.form.addEventListener("submit", (event) => this.#onSearch(event));
    addEventListener("popstate", () => this.#show(readFilter(this.types)));
    this.#mark();
  }

  label(type) {
    return this.links.find((link) => link.dataset.type === type)?.dataset.label ?? type;
  }

  count({ unread, capped, by_type: byType }) {
    for (const link of this.links) {
      if (!("type" in link.dataset)) continue;
      const type = link.dataset.type;
      const n = type ? byType[type] ?? 0 : unread;
      setText(link.querySelector("[data-count]"), n ? `${n}${capped && !type ? "+" : ""}` : "");
    }
  }

  #onClick(event, link) {
    if (!isPlainClick(event)) return;
    event.preventDefault();
    this.position.push(link.href);
    this.#show(readFilter(this.types));
  }

  /* Out of an empty list, whose link goes: the focus would be nowhere. */
  #onLead(event, link) {
    if (isPlainClick(event)) this.list.focus({ preventScroll: true });
    this.#onClick(event, link);
  }

  #onSearch(event) {
    event.preventDefault();
    const wanted = this.#with("q", this.form.elements.q.value.trim());
    this.position.push(address(wanted));
    this.#show(readFilter(this.types));
  }

  #with(name, value) {
    const { q, type, view, thread } = this.current;
    return { q, type, view, thread: name === "view" ? "" : thread, [name]: value };
  }

  #show(filter) {
    this.current = filter;
    this.#mark();
    this.onChange(filter);
  }

  /* The items of a thread are below the threads. */
  #chosen(name) {
    return name === "view" && this.current.thread ? "threads" : this.current[name];
  }

  /* Each link changes its own part of the filter and keeps the other part. */
  #mark() {
    this.form.elements.q.value = this.current.q;
    for (const link of this.links) {
      const [name, value] = "type" in link.dataset ? ["type", link.dataset.type] : ["view", link.dataset.view];
      link.href = address(this.#with(name, value));
      if (this.#chosen(name) === value) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    for (const link of this.links) if (link.ariaCurrent) reveal(link);
  }
}

/* Where its row is wider than the window (on a phone), scroll the row, and nothing else. */
function reveal(link) {
  const row = link.closest("nav");
  const [own, whole] = [link, row].map((element) => element.getBoundingClientRect());
  if (own.right > whole.right) row.scrollLeft += own.right - whole.right + EDGE;
  else if (own.left < whole.left) row.scrollLeft += own.left - whole.left - EDGE;
}
