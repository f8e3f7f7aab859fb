/** The dialog of an announcement that must be confirmed. One at a time. @import {Item} from "../client/types.js" */
import { h, setText } from "../../inbox/shared/dom.js";
import { gettext } from "../../inbox/shared/i18n.js";
import { buttonsOf, finishNotice, textOf, titleOf } from "./notice.js";

/** Its content, for the preview too. @param {Item} item @param {string} language @param {() => void} confirm */
export function confirmationOf(item, language, confirm) {
  const id = `rd-confirm-${item.ref}`;
  const title = titleOf(item, id, "h2");
  // The focus is not on the button: someone who is typing would confirm.
  title.tabIndex = -1;
  title.setAttribute("autofocus", "");
  const button = h("button", { class: "rd-notice-confirm", type: "button", onclick: confirm }, gettext("Confirm"));
  const sheet = h("div", { class: "rd-confirm-sheet", "data-ref": item.ref, "data-level": item.level },
    title, ...textOf(item, language), ...buttonsOf(item), h("p", { class: "rd-notice-failed", role: "alert" }),
    h("p", { class: "rd-confirm-foot" }, button));
  finishNotice(sheet, language);
  return sheet;
}

export class Confirmation {
  /** @type {Item|null} */ #item = null;

  /** @param {string} language @param {(item: Item) => Promise<void>} confirm rejects with what to tell the user */
  constructor(language, confirm) {
    this.language = language;
    this.confirm = confirm;
    this.element = h("dialog", {
      class: "rd-confirm", oncancel: (event) => event.preventDefault(), // Escape confirms nothing
      onclose: () => this.#item && this.element.isConnected && this.element.showModal(), // a browser closes it in spite of that
    });
  }

  /** @param {Item|null} item null: none */
  show(item) {
    if (JSON.stringify(item) === JSON.stringify(this.#item)) return;
    this.#item = item;
    if (item) this.#fill(item);
    if (this.element.open && !item) this.element.close();
    if (!this.element.open && item) this.element.showModal();
    this.element.querySelector("h2")?.focus();
  }

  /** @param {Item} item */
  #fill(item) {
    this.element.setAttribute("role", item.level === "critical" ? "alertdialog" : "dialog");
    this.element.setAttribute("aria-labelledby", `rd-confirm-${item.ref}`);
    this.element.replaceChildren(confirmationOf(item, this.language, () => this.#confirm(item)));
  }

  /** @param {Item} item */
  async #confirm(item) {
    const button = this.element.querySelector(".rd-notice-confirm");
    const failed = this.element.querySelector(".rd-notice-failed");
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    setText(failed, "");
    await this.confirm(item).catch((error) => setText(failed, error.message));
    button.ariaDisabled = "false";
  }
}
