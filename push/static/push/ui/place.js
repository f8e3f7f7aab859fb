/** Places the panel under the bell's button. Its size is in styles.js. */

const GAP = 8; // pixels to the edges of the window
const DROP = 12; // pixels between button and panel
const WIDTH = 408; // pixels, as in styles.js

/**
 * Keep the panel under the button and inside the window while it is open. On phones the style sheet makes it a bottom sheet
 * and ignores the position.
 * @param {HTMLElement} panel @param {HTMLElement} button
 */
export function place(panel, button) {
  const lifetime = new AbortController();
  const listen = { signal: lifetime.signal, passive: true, capture: true };
  const update = () => put(panel, button.getBoundingClientRect());
  update();
  addEventListener("resize", update, listen);
  addEventListener("scroll", update, listen);
  panel.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") lifetime.abort();
  }, { signal: lifetime.signal });
}

/** Aligned with the button on the side of the window where the button is. @param {HTMLElement} panel @param {DOMRect} box */
function put(panel, box) {
  const room = document.documentElement.clientWidth;
  const rightHalf = box.left + box.width / 2 > room / 2;
  const left = rightHalf ? box.right - WIDTH : box.left;
  panel.style.setProperty("--left", `${Math.max(GAP, Math.min(left, room - WIDTH - GAP))}px`);
  panel.style.setProperty("--top", `${Math.max(GAP, box.bottom + DROP)}px`);
}
