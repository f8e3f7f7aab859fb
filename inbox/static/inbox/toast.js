/* The toast at the foot of the page, "Archived. Undo": one at a time. */

import { dismissTimer } from "./shared/dom.js";

const STAY = 10_000; // milliseconds

export class Toast {
  #undo = null;

  #origin = null; // what had the focus before

  /** `live` is the page's aria-live region; `home` gets the focus if it was here, and what had it before is gone. */
  constructor(element, live, home) {
    const [text, button] = ["span", "button"].map((tag) => element.querySelector(tag));
    const timer = dismissTimer(element, STAY, () => this.hide());
    Object.assign(this, { element, live, home, text, button, timer });
    element.addEventListener("focusin", ({ relatedTarget }) => element.contains(relatedTarget) || (this.#origin = relatedTarget));
    button.addEventListener("click", () => this.undo());
  }

  /** Show `text`, with an undo button if `undo` is given. */
  show(text, undo = null) {
    this.#undo = undo;
    if (!undo) this.#leave();
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
    this.#leave();
    this.element.hidden = true;
  }

  #leave() {
    if (!this.element.contains(document.activeElement)) return;
    if (this.#origin?.isConnected) this.#origin.focus();
    if (this.element.contains(document.activeElement)) this.home.focus(); // that can't be focused now
  }
}
