/* What the list shows, kept in the address: ?type=comment&view=unread. Tabs are links and work in a new tab too. */

const VIEWS = ["unread", "archived"];

/** → {type, view, unread, archived}; unknown values mean no filter. */
export function readFilter(types, search = location.search) {
  const query = new URLSearchParams(search);
  const type = types.includes(query.get("type")) ? query.get("type") : "";
  const view = VIEWS.includes(query.get("view")) ? query.get("view") : "";
  return { type, view, unread: view === "unread", archived: view === "archived" };
}

export function address({ type, view }) {
  const query = new URLSearchParams({ ...(type && { type }), ...(view && { view }) });
  return query.size ? `?${query}` : location.pathname;
}

/** The tabs (links with data-type) and views (links with data-view) around the list, and their counts. */
export class Filters {
  /** `changed(filter)` is called when the reader picks another one, or goes back. */
  constructor(root, changed) {
    this.links = [...root.querySelectorAll("a[data-type], a[data-view]")];
    this.types = this.links.flatMap((link) => link.dataset.type || []);
    this.changed = changed;
    this.current = readFilter(this.types);
    for (const link of this.links) link.addEventListener("click", (event) => this.#pick(event, link));
    addEventListener("popstate", () => this.#show(readFilter(this.types)));
    this.#mark();
  }

  label(type) {
    return this.links.find((link) => link.dataset.type === type)?.dataset.label ?? type;
  }

  icon(type) {
    return this.links.find((link) => link.dataset.type === type)?.dataset.icon ?? "bell";
  }

  count({ unread, capped, by_type: byType }) {
    for (const link of this.links) {
      if (!("type" in link.dataset)) continue;
      const type = link.dataset.type;
      const n = type ? byType[type] ?? 0 : unread;
      link.querySelector("[data-count]").textContent = n ? `${n}${capped && !type ? "+" : ""}` : "";
    }
  }

  #pick(event, link) {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.pushState(history.state, "", link.href); // with what inbox.js keeps there
    this.#show(readFilter(this.types));
  }

  #show(filter) {
    this.current = filter;
    this.#mark();
    this.changed(filter);
  }

  /* Each link leads to its own choice and keeps the other one's. */
  #mark() {
    for (const link of this.links) {
      const [name, value] = "type" in link.dataset ? ["type", link.dataset.type] : ["view", link.dataset.view];
      link.href = address({ ...this.current, [name]: value });
      if (this.current[name] === value) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
}
