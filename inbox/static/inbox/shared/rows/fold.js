/* Long texts: the style sheet clamps them, and a button shows the rest of those of which something is hidden. */

import { h, setText } from "../dom.js";
import { gettext } from "../i18n.js";
import { nameOf } from "./wording.js";

const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => fit(target)));

/** Watch the text of a row. @param {Element} body */
export function watchText(body) {
  observer.observe(body);
  body.addEventListener("focusin", ({ target }) => {
    const row = /** @type {HTMLElement|null} */ (body.closest(".rd-row"));
    if (row && isClamped(body) && /** @type {Element} */ (target).matches(":focus-visible")) toggleText(row, true); // it may be hidden
  });
}

/** The text that it watched goes. @param {HTMLElement} row */
export function dropText(row) {
  const body = row.querySelector(".rd-body");
  if (body) observer.unobserve(body);
  body?.remove();
}

/** Show all of the text, or clamp it. Does nothing where nothing is hidden. @param {HTMLElement} row @param {boolean} [isOpen] */
export function toggleText(row, isOpen = !row.classList.contains("rd-open")) {
  if (!button(row) || button(row).hidden) return;
  row.classList.toggle("rd-open", isOpen);
  show(row);
}

function fit(body) {
  const row = body.closest(".rd-row");
  if (!row) return;
  const needed = row.classList.contains("rd-open") || isClamped(body);
  if (needed && !button(row)) body.after(h("button", { class: "rd-fold", type: "button", "data-act": "fold" }));
  if (!button(row)) return;
  button(row).hidden = !needed;
  show(row);
}

function isClamped(body) {
  return body.scrollHeight > body.clientHeight + 1; // both are rounded
}

function button(row) {
  return row.querySelector('[data-act="fold"]');
}

function show(row) {
  const isOpen = row.classList.contains("rd-open");
  button(row).ariaExpanded = String(isOpen);
  setText(button(row), isOpen ? gettext("Show less") : gettext("Show more"));
  if (row.item) button(row).ariaLabel = nameOf(button(row).textContent, row.item.title, row.look.language);
}
