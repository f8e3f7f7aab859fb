/* The toast at the foot of the page, "Archived. Undo": one at a time. */

import { dismissTimer } from "./shared/dom.js";

const STAY = 10_000; // milliseconds

export class Toast {
  #undo = null;

  /** `live` is the page's aria-live region. */
  constructor(element, live) {
    const [text, button] = ["span", "button"].map((tag) => element.querySelector(tag));
    const timer = dismissTimer(element, STAY, () => this.hide());
    Object.assign(this, { element, live, text, button, timer });
    button.addEventListener("click", () => this.undo());
  }

  /** Show `text`, with an undo button if `undo` is given. */
  show(text, undo = null) {
    this.#undo = undo;
    this.text.textContent = this.live.textContent = text;
    this.button.hidden = !undo;
    this.element.hidden = false;
    this.timer.start();
  }

  /** The notice of a form that was sent before this script ran. @param {(token: string) => void} undo */
  adopt(undo) {
    const { value } = this.button;
    if (!this.element.hidden) this.show(this.text.textContent, value ? () => undo(value) : null);
  }

  /** For screen readers only. */
  announce(text) {
    this.live.textContent = text;
  }

  undo() {
    const undo = this.#undo;
    this.hide();
    undo?.();
  }

  hide() {
    this.timer.stop();
    this.#undo = null;
    this.element.hidden = true;
  }
}
