/* The page in the frame of the preview: an announcement in each place where readers meet it. The form (editor.js) sends the
 * items, as the API and the transports would send them. Other scripts add places of their own. */

import { h } from "../shared/dom.js";
import { languageOf } from "../shared/i18n.js";
import { addPlace, showInPlaces } from "../shared/places.js";
import { buildRow, updateRow } from "../shared/rows/row.js";

const language = languageOf(document.documentElement.lang);

addPlace(50, "inbox", (item) => {
  if (!item.kinds.includes("inbox")) return null;
  const row = buildRow(item, { language, labelOf: () => null, site: location.href });
  updateRow(row, item);
  return h("div", { class: "rd-inbox" }, h("ul", { class: "rd-list", role: "list" }, row));
});

// Nothing here leads anywhere.
document.addEventListener("click", (event) => event.preventDefault(), { capture: true });

addEventListener("message", ({ origin, source, data }) => {
  if (origin !== location.origin || source !== parent || !data?.item) return;
  document.documentElement.dataset.theme = data.theme;
  showInPlaces(data);
});

new ResizeObserver(() => parent.postMessage({ height: document.documentElement.offsetHeight }, location.origin))
  .observe(document.documentElement);
parent.postMessage({ ready: true }, location.origin);
