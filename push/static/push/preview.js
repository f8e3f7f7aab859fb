/** Adds banner, dialog, toast and the bell's row to the preview of an announcement (inbox/static/inbox/admin/preview.js). */
import { h } from "../inbox/shared/dom.js";
import { languageOf } from "../inbox/shared/i18n.js";
import { addPlace } from "../inbox/shared/places.js";
import { buildRow, updateRow } from "../inbox/shared/rows/row.js";
import { confirmationOf } from "./ui/confirmation.js";
import { noticeOf } from "./ui/notice.js";
import { overlayStyles } from "./ui/overlay-styles.js";
import { styles } from "./ui/styles.js";
import { toastOf } from "./ui/toasts.js";

const language = languageOf(document.documentElement.lang);
const frame = new CSSStyleSheet();
frame.replaceSync(":host { display: block; } .sheet { block-size: auto; max-inline-size: 408px; } .stack { max-inline-size: 380px; }");

/** Shown with the bell's own style sheets. @param {Node} node */
function inBell(node) {
  const host = h("div");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [styles, overlayStyles, frame];
  root.append(node);
  return host;
}

/** Shown with the style sheet of the banners. @param {Node} node */
function inBanners(node) {
  return h("broadcast-banners", { "data-preview": true }, node);
}

addPlace(10, "banner", (item) => item.kinds.includes("banner") ? inBanners(h("ul", {}, noticeOf(item, language))) : null);

addPlace(20, "dialog", (item) => item.kinds.includes("dialog")
  ? inBanners(h("div", { class: "rd-confirm" }, confirmationOf(item, language, () => {}))) : null);

addPlace(30, "toast", (item, toast) => !item.kinds.includes("inbox") ? null : inBell(h("ul", { class: "stack" }, toastOf(toast, () => {}, () => {}))));

addPlace(40, "bell", (item) => {
  if (!item.kinds.includes("inbox")) return null;
  const row = buildRow(item, { language, labelOf: () => null, site: location.href });
  updateRow(row, item);
  return inBell(h("div", { class: "sheet" }, h("ul", { class: "rd-list" }, row)));
});
