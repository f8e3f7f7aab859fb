/** Adds the bell's row and the toast to the preview of an announcement (inbox/static/inbox/admin/preview.js). */
import { addPlace } from "../inbox/admin/preview.js";
import { h } from "../inbox/shared/dom.js";
import { languageOf } from "../inbox/shared/i18n.js";
import { Rows } from "./ui/rows.js";
import { styles } from "./ui/styles.js";
import { toastOf } from "./ui/toasts.js";

const language = languageOf(document.documentElement.lang);
const frame = new CSSStyleSheet();
frame.replaceSync(":host { display: block; } .sheet { block-size: auto; max-inline-size: 408px; } .stack { max-inline-size: 380px; }");

/** Shown with the bell's own style sheet. @param {Node} node */
function inBell(node) {
  const host = h("div");
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [styles, frame];
  root.append(node);
  return host;
}

addPlace(30, "toast", (_item, toast) => inBell(h("ul", { class: "stack" }, toastOf(toast, () => {}, () => {}))));

addPlace(40, "bell", (item) => {
  const rows = new Rows(language, () => {});
  rows.show([item]);
  return inBell(h("div", { class: "sheet" }, rows.element));
});
