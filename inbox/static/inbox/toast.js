/* "Archived. Undo": one at a time, at the foot of the page, gone after ten seconds in which nobody looked at it. */

const STAYS = 10_000; // ms; longer than the 5 s of WCAG's advice for moving content, paused under pointer or focus

export class Toast {
  #timer = 0;
  #undo = null;

  /** `live` is the page's aria-live region. */
  constructor(element, live) {
    const [text, button] = ["span", "button"].map((tag) => element.querySelector(tag));
    Object.assign(this, { element, live, text, button });
    this.button.addEventListener("click", () => this.undo());
    for (const name of ["pointerenter", "focusin"]) element.addEventListener(name, () => clearTimeout(this.#timer));
    for (const name of ["pointerleave", "focusout"]) element.addEventListener(name, () => this.#wait());
  }

  /** Show `text`, with an undo button if there is an `undo` to call. */
  show(text, undo = null) {
    this.#undo = undo;
    this.text.textContent = this.live.textContent = text;
    this.button.hidden = !undo;
    this.element.hidden = false;
    this.#wait();
  }

  /** Only for ears: the eyes see it anyway. */
  say(text) {
    this.live.textContent = text;
  }

  undo() {
    const undo = this.#undo;
    this.hide();
    undo?.();
  }

  hide() {
    clearTimeout(this.#timer);
    this.#undo = null;
    this.element.hidden = true;
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hide(), STAYS);
  }
}
