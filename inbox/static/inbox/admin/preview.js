/* The page in the frame of the preview: an announcement in each place where readers meet it. The form (editor.js) sends the
 * items, as the API and the transports would send them. Other scripts add places of their own. */

import { h } from "../shared/dom.js";
import { readItem } from "../shared/item.js";
import { buildRow, updateRow } from "../row.js";

const places = []; // {order, name, element, show}
let shown = null; // {item, toast, headings, lang, theme}; headings by name, in the author's language

/**
 * `show(item, toast)` returns the node to show, or null for nothing. Places are in the order of `order`.
 * @param {number} order @param {string} name @param {(item: any, toast: any) => Node|null} show
 */
export function addPlace(order, name, show) {
  places.push({ order, name, show, element: h("section", { class: "place", "data-place": name, hidden: true }, h("h2")) });
  places.sort((one, other) => one.order - other.order);
  document.getElementById("places").replaceChildren(...places.map((place) => place.element));
  if (shown) draw();
}

function draw() {
  const [item, toast] = [shown.item, shown.toast].map((value) => readItem(value, location.origin));
  for (const { name, element, show } of places) {
    const node = show(item, toast);
    const heading = h("h2", { lang: shown.lang }, shown.headings[name] ?? name);
    element.hidden = !node;
    element.replaceChildren(heading, ...(node ? [node] : []));
  }
}

addPlace(50, "inbox", (item) => {
  if (!item.kinds.includes("inbox")) return null;
  const row = buildRow(item, "");
  updateRow(row, item);
  return h("div", { class: "rd-inbox" }, h("ul", { class: "rd-list", role: "list" }, row));
});

// Nothing here leads anywhere.
document.addEventListener("click", (event) => event.preventDefault(), { capture: true });

addEventListener("message", ({ origin, source, data }) => {
  if (origin !== location.origin || source !== parent || !data?.item) return;
  document.documentElement.dataset.theme = data.theme;
  shown = data;
  draw();
});

new ResizeObserver(() => parent.postMessage({ height: document.documentElement.offsetHeight }, location.origin))
  .observe(document.documentElement);
parent.postMessage({ ready: true }, location.origin);
