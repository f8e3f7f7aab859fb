/* The toast at the foot of the page, "Archived. Undo": one at a time. */

import { dismissTimer } from "./shared/dom.js";
import { gettext } from "./shared/i18n.js";
import { prepareVoice, say } from "./shared/voice.js";

const STAY = 10_000; // milliseconds

export class Toast {
  hasCharacters = () => true; // whether characters act (help.js)
  #undo = null;
  #origin = null; // what had the focus before

  /** `home` gets the focus if it was here, and what had it before is gone. */
  constructor(element, home) {
    const [text, button] = ["span", "button"].map((tag) => element.querySelector(tag));
    const timer = dismissTimer(element, STAY, () => this.hide());
    Object.assign(this, { element, home, text, button, timer });
    element.addEventListener("focusin", ({ relatedTarget }) => element.contains(relatedTarget) || (this.#origin = relatedTarget));
    prepareVoice();
    button.addEventListener("click", () => this.undo());
  }

  /** Show `text`, with an undo button if `undo` is given; say it, with the key that undoes it unless characters are no keys. */
  show(text, undo = null) {
    this.#undo = undo;
    if (!undo) this.#leave();
    this.text.textContent = text;
    say(undo && this.hasCharacters() ? `${text} ${gettext("Undo with Z.")}` : text);
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
    this.#leave();
    this.element.hidden = true;
  }

  #leave() {
    if (!this.element.contains(document.activeElement)) return;
    if (this.#origin?.isConnected) this.#origin.focus();
    if (this.element.contains(document.activeElement)) this.home.focus(); // that can't be focused now
  }
}
