/*
 * What a click means, on the inbox page and in the bell's panel:
 *
 *   left, or Enter on the focus     opens the item here: reads it, and follows its link or unfolds it in place
 *   middle, or with Ctrl, ⌘, Shift  the browser opens the link elsewhere: reads it as well. Not a thread: its page lists what
 *                                   is unread of it
 *   right                           nothing: the menu of the browser
 *
 * What is no link listens to the left button only.
 */

import { isPlainClick } from "../dom.js";
import { pause } from "../timing.js";

const TIMEOUT = 0.6; // seconds that a click waits for the answer; the request itself outlives the page

/**
 * Clicks on rows and short rows below the elements. @param {Element[]} elements
 * @param {{list: import("./list.js").List, actions: import("./actions.js").Actions}} host
 */
export function bindClicks(elements, host) {
  const listener = (/** @type {any} */ event) => onClick(event, host);
  for (const element of elements) {
    for (const type of ["click", "auxclick"]) element.addEventListener(type, listener);
  }
}

function onClick(event, host) {
  const control = event.target.closest("a, button");
  if (!control || event.defaultPrevented || event.button > 1 || (event.button && control.localName !== "a")) return;
  const part = control.closest(".rd-part");
  if (part) follow(event, control, host.actions.readPart(part.item));
  else if (!control.closest(".rd-parts")) onRow(event, control, host);
}

function onRow(event, control, { list, actions }) {
  const item = list.find(control.closest("[data-ref]")?.dataset.ref);
  const { act, button } = control.dataset;
  if (!item) return;
  if (button) return follow(event, control, actions.press(item, Number(button)));
  if (act !== "open") return act && actions.do(act, item.ref);
  if (item.thread) {
    if (!isPlainClick(event)) return;
    event.preventDefault();
  } else if (item.href) list.reports.clicked(item, list.look.surface);
  follow(event, control, actions.do(act, item.ref));
}

/**
 * Follow a clicked link once `done` has settled, so that the next page opens with the right count. Clicks that open another
 * tab or window are left to the browser.
 * @param {MouseEvent} event @param {HTMLElement} control nothing is done if it is no link
 * @param {Promise<unknown>|null|undefined} done null: nothing to wait for
 */
export async function follow(event, control, done) {
  const { href } = /** @type {HTMLAnchorElement} */ (control);
  if (!href || !done || event.defaultPrevented || !isPlainClick(event)) return;
  event.preventDefault();
  await Promise.race([done, pause(TIMEOUT)]);
  location.assign(href);
}
