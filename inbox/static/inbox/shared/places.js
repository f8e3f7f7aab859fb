/* The places of the preview of an announcement: each script adds those whose elements it has. */

import { h } from "./dom.js";
import { gettext } from "./i18n.js";
import { readItem } from "./item.js";

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

/** Show this announcement in all places, those that are added later included. */
export function showInPlaces(announcement) {
  shown = announcement;
  draw();
}

/* While its author has yet to write a title: nothing is wrong with the announcement, so no console hears of it. */
function untitled() {
  return gettext("Notification");
}

function draw() {
  const [item, toast] = [shown.item, shown.toast].map((value) => readItem({ ...value, title: value.title.trim() || untitled() }, location.origin));
  for (const { name, element, show } of places) {
    const node = show(item, toast);
    const heading = h("h2", { lang: shown.lang }, shown.headings[name] ?? name);
    element.hidden = !node;
    element.replaceChildren(heading, ...(node ? [node] : []));
  }
}
