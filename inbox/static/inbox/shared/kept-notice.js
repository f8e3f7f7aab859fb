/** What could not be written, in words, with what can be done about it. Bell and inbox page have a style sheet of their own for it. */
import { h, setText } from "./dom.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { Kept } from "./kept.js";
import { after } from "./timing.js";
import { say } from "./voice.js";

const SHOWN = 3; // sentences; the others are counted
const BURST = 0.3; // seconds: what fails together is said together
const CHANGED = "reddot:unsaved"; // of the document; detail: {of, count}

/** What could not be written, and the element that says so. */
export class KeptNotice {
  /** @type {string[]} */ #said = [];

  /**
   * @param {string} of  where: "bell" or "inbox"
   * @param {{leave: () => void, tryAgain: () => void, button: string}} page  leave: put the focus elsewhere, its element goes;
   *   button: the class of buttons
   */
  constructor(of, page) {
    this.of = of;
    this.page = page;
    this.kept = new Kept((text) => this.#onChange(text));
    this.list = h("ul", { role: "list" });
    this.again = h("button", { class: page.button, type: "button", onclick: () => page.tryAgain() }, gettext("Try again"));
    this.drop = h("button", { class: page.button, type: "button", onclick: () => this.kept.letGo() }, gettext("Discard"));
    this.hint = h("p", {}, gettext("This is kept until you leave the page."));
    this.element = h("section", { class: "kept", "aria-label": gettext("Not saved"), hidden: true },
      h("div", {}, this.list, this.hint), this.again, this.drop);
  }

  #onChange(text) {
    this.#draw();
    if (text) this.#say(text);
    document.dispatchEvent(new CustomEvent(CHANGED, { detail: { of: this.of, count: this.kept.entries.length } }));
  }

  #draw() {
    const { entries } = this.kept;
    const texts = entries.slice(0, entries.length > SHOWN ? SHOWN - 1 : SHOWN).map(({ text }) => text);
    const rest = entries.length - texts.length;
    if (rest) texts.push(interpolate(ngettext("%(count)s more change was not saved.", "%(count)s more changes were not saved.", rest), { count: rest }));
    while (this.list.childElementCount > texts.length) this.list.lastChild.remove();
    texts.forEach((text, at) => setText(this.list.children[at] ?? this.list.appendChild(h("li", { dir: "auto" })), text));
    const hasWaiting = entries.some(({ isWaiting }) => isWaiting);
    this.#hide([this.again, this.drop], !entries.some(({ isWaiting }) => !isWaiting));
    this.again.ariaDisabled = String(!this.kept.canTry);
    this.hint.hidden = hasWaiting && this.again.hidden;
    this.#hide([this.element], !entries.length);
  }

  /** @param {HTMLElement[]} elements @param {boolean} hidden */
  #hide(elements, hidden) {
    const hadFocus = elements.some((element) => element.matches(":focus-within"));
    for (const element of elements) element.hidden = hidden;
    if (hidden && hadFocus) this.page.leave();
  }

  #say(text) {
    if (this.#said.push(text) > 1) return;
    after(BURST, new AbortController().signal, () => {
      const said = this.#said.splice(0);
      if (!this.kept.entries.length) return; // it was undone, let go, or another user's
      const { length } = said;
      const many = interpolate(ngettext("%(count)s change was not saved.", "%(count)s changes were not saved.", length), { count: length });
      say(length === 1 ? said[0] : many);
    });
  }
}
