/**
 * Swipes on rows, for touch: from the start to the end presses the row's button "read", from the end to the start its button
 * "archive", with their words and undo. Screen readers and keyboards have the buttons themselves. Loaded on touch screens only.
 *
 * CSS leaves vertical moves and pinching to the browser (`touch-action`), which cancels the pointer when it takes over.
 */
import { h } from "../dom.js";
import { gettext } from "../i18n.js";

const SLOP = 10; // pixels before it is decided what a move is
const SLOPE = 1.5; // times as wide as high: a swipe
const EDGE = 24; // pixels: from there the system's own gesture goes back
const BEYOND = 1.25; // times the threshold: no row follows the finger further than that without slowing down

/** @param {HTMLElement} list whose children with `data-ref` are the rows */
export function bindSwipes(list) {
  /** @type {Swipe|null} */ let swipe = null;
  const end = (/** @type {boolean} */ isDone) => {
    swipe?.end(isDone);
    swipe = null;
  };
  list.addEventListener("pointerdown", (event) => {
    end(false); // a second finger
    const row = /** @type {HTMLElement} */ (event.target).closest("[data-ref]");
    if (row && event.isPrimary && mayBegin(event, list)) swipe = new Swipe(/** @type {HTMLElement} */ (row), event);
  });
  list.addEventListener("pointermove", (event) => {
    if (swipe?.id === event.pointerId && !swipe.move(event)) end(false);
  });
  list.addEventListener("pointerup", (event) => swipe?.id === event.pointerId && end(true));
  list.addEventListener("pointercancel", (event) => swipe?.id === event.pointerId && end(false));
  list.dataset.swipes = ""; // for the style sheet: from now on, horizontal moves are not the browser's
}

/** @param {PointerEvent} event @param {HTMLElement} list */
function mayBegin(event, list) {
  if (event.pointerType !== "touch" || event.clientX < EDGE || event.clientX > innerWidth - EDGE) return false;
  for (let each = /** @type {Element|null} */ (event.target); each && each !== list; each = each.parentElement) {
    if (each.scrollWidth > each.clientWidth && ["auto", "scroll"].includes(getComputedStyle(each).overflowX)) return false; // a wide table
  }
  return true;
}

/** Those of the row's button, without the title of the row. @param {string} side @param {{read: boolean, archived: boolean}} item */
function words(side, { read, archived }) {
  if (side === "start") return read ? gettext("Mark as unread") : gettext("Mark as read");
  return archived ? gettext("Move to inbox") : gettext("Archive");
}

/** One finger on one row. */
class Swipe {
  #label = null; // behind the row, once it is a swipe
  #way = 0; // pixels from the start to the end; negative: to the start

  /** @param {HTMLElement} row @param {PointerEvent} event */
  constructor(row, event) {
    Object.assign(this, { row, id: event.pointerId, from: event });
    this.sign = getComputedStyle(row).direction === "rtl" ? -1 : 1;
  }

  /** Returns whether it may still become something. @param {PointerEvent} event */
  move(event) {
    const [across, down] = [event.clientX - this.from.clientX, event.clientY - this.from.clientY];
    if (!this.isSwiping) {
      if (Math.hypot(across, down) < SLOP) return true;
      if (Math.abs(across) < SLOPE * Math.abs(down) || getSelection()?.type === "Range") return false;
      this.#begin();
    }
    this.#show(across * this.sign);
    return true;
  }

  #begin() {
    this.isSwiping = true;
    this.row.setPointerCapture(this.id);
    this.row.classList.add("rd-swiped");
  }

  #show(way) {
    const side = way > 0 ? "start" : "end"; // of the row, where its label appears
    if (this.#label?.dataset.side !== side) this.#change(side);
    this.#way = this.button ? way : 0;
    const threshold = this.#threshold();
    const far = Math.abs(this.#way) - threshold * BEYOND;
    const shown = far > 0 ? Math.sign(this.#way) * (threshold * BEYOND + far / 4) : this.#way;
    this.row.style.setProperty("--rd-swipe", `${shown * this.sign}px`);
    this.row.style.setProperty("--rd-swiped", `${Math.abs(shown)}px`);
    this.#label?.toggleAttribute("data-done", Math.abs(this.#way) >= threshold);
  }

  #change(side) {
    this.#label?.remove();
    this.button = this.row.querySelector(`[data-act="${side === "start" ? "read" : "archive"}"]:not([hidden])`);
    this.#label = h("span", { class: "rd-swipe", "data-side": side, "aria-hidden": "true" });
    if (this.button) this.#label.append(h("span", {}, this.button.querySelector("svg").cloneNode(true), words(side, this.row.item)));
    this.row.append(this.#label);
  }

  /** As wide as the label: when all of it is seen, letting go does it. */
  #threshold() {
    return this.#label?.firstElementChild?.offsetWidth || Infinity;
  }

  /** @param {boolean} isDone the finger was lifted */
  end(isDone) {
    if (!this.isSwiping) return;
    const press = isDone && Math.abs(this.#way) >= this.#threshold();
    const { row, button } = this;
    const label = this.#label;
    row.classList.remove("rd-swiped");
    row.style.removeProperty("--rd-swipe");
    const rest = () => {
      label?.remove();
      if (!row.classList.contains("rd-swiped")) row.style.removeProperty("--rd-swiped");
    };
    Promise.allSettled(row.getAnimations().map((each) => each.finished)).then(rest);
    if (press) button.click();
  }
}
