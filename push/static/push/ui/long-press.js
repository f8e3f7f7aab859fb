/** A long press by a finger, which is what a pointer does that cannot hover. */

const HOLD = 450; // milliseconds; Android opens the menu of a link after 500
const SLOP = 10; // pixels that a finger may move meanwhile

/** @param {HTMLElement} list of rows @param {(row: HTMLElement) => void} call */
export function bindLongPress(list, call) {
  let timer = 0;
  let isHeld = false; // the finger is down, or a click may follow
  /** @type {PointerEvent|null} */ let from = null;
  const end = () => {
    clearTimeout(timer);
    from = null;
  };

  list.addEventListener("pointerdown", (event) => {
    end();
    isHeld = false;
    const row = /** @type {Element} */ (event.target).closest(".rd-row");
    if (event.pointerType !== "touch" || !event.isPrimary || !row) return;
    from = event;
    timer = setTimeout(() => {
      isHeld = true;
      call(/** @type {HTMLElement} */ (row));
    }, HOLD);
  });
  list.addEventListener("pointermove", (event) => {
    if (from && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > SLOP) end();
  });
  for (const type of ["pointerup", "pointercancel"]) list.addEventListener(type, end);
  list.addEventListener("contextmenu", (event) => (from || isHeld) && event.preventDefault());
  list.addEventListener("click", (event) => {
    if (!isHeld || !event.detail) return; // no detail: a key
    isHeld = false;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });
}
