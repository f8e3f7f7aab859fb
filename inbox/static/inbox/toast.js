/* The toast at the foot of the page, "Archived. Undo": one at a time. */

import { dismissTimer } from "./shared/dom.js";
import { gettext } from "./shared/i18n.js";
import { prepareVoice, say } from "./shared/voice.js";

const STAY = 10_000; // milliseconds

export class Toast {
  #undo = null;

  constructor(element) {
    const [text, button] = ["span", "button"].map((tag) => element.querySelector(tag));
    const timer = dismissTimer(element, STAY, () => this.hide());
    Object.assign(this, { element, text, button, timer });
    prepareVoice();
    button.addEventListener("click", () => this.undo());
  }

  /** Show `text`, with an undo button if `undo` is given; say it, with the key that undoes it. */
  show(text, undo = null) {
    this.#undo = undo;
    this.text.textContent = text;
    say(undo ? `${text} ${gettext("Undo with Z.")}` : text);
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
    say(text);
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
