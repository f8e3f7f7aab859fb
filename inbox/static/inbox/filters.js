/* The filter of the list, kept in the address: ?type=comment&view=unread. Filters are links, so they also work in a new tab. */

import { isPlainClick, setText } from "./shared/dom.js";
import { icon, typeIcon } from "./shared/icons.js";

const VIEWS = ["unread", "archived"];

/** Returns {type, view, unread, archived}; unknown values mean no filter. */
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

/** The links with data-type and data-view around the list, and their counts. */
export class Filters {
  /** `onChange(filter)` is called when the user chooses another filter, or goes back in history. */
  constructor(root, onChange) {
    this.links = [...root.querySelectorAll("a[data-type], a[data-view]")];
    this.types = this.links.flatMap((link) => link.dataset.type || []);
    this.onChange = onChange;
    this.current = readFilter(this.types);
    for (const link of this.links) link.addEventListener("click", (event) => this.#onClick(event, link));
    for (const svg of root.querySelectorAll("a[data-type] svg")) svg.replaceWith(iconOf(svg.closest("a").dataset.type));
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
    history.pushState(history.state, "", link.href); // keeps what owner.js noted there
    this.#show(readFilter(this.types));
  }

  #show(filter) {
    this.current = filter;
    this.#mark();
    this.onChange(filter);
  }

  /* Each link changes its own part of the filter and keeps the other part. */
  #mark() {
    for (const link of this.links) {
      const [name, value] = "type" in link.dataset ? ["type", link.dataset.type] : ["view", link.dataset.view];
      link.href = address({ ...this.current, [name]: value });
      if (this.current[name] === value) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
}

function iconOf(type) {
  return type ? typeIcon(type) : icon("tray");
}
