/* Clicks on the list and on the important items above it: which act each one is. */

import { isPlainClick } from "../dom.js";

/**
 * @param {import("./list.js").List} list @param {import("./parts.js").Important} important
 * @param {import("./actions.js").Actions} actions @param {import("../reports.js").Reports} reports
 */
export function bindClicks(list, important, actions, reports) {
  list.element.addEventListener("click", (event) => {
    if (!event.target.closest(".rd-parts")) onRow(event, list, actions, reports);
  });
  for (const element of [list.element, important.element]) {
    element.addEventListener("click", (event) => {
      const item = event.target.closest("a, button") && event.target.closest(".rd-part")?.item;
      if (item) actions.readPart(item);
    });
  }
  // Its buttons are the script's now; without scripts they send the form.
  list.element.closest("form").addEventListener("submit", (event) => event.preventDefault());
}

function onRow(event, list, actions, reports) {
  const control = event.target.closest("[data-act]");
  const link = event.target.closest("a.rd-title, a.rd-button");
  const item = list.find(event.target.closest("[data-ref]")?.dataset.ref);
  if (item?.thread && control?.dataset.act === "open") {
    if (!isPlainClick(event)) return; // elsewhere the link opens the page of its items
    event.preventDefault();
  }
  if (item && link?.dataset.button) actions.press(item, Number(link.dataset.button));
  else if (item && link) reports.clicked(item, "inbox");
  if (control) actions.do(control.dataset.act, control.closest("[data-ref]").dataset.ref);
}
