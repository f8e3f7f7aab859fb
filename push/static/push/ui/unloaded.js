/** What the bell opens in place of a panel whose script can't be loaded: why, and what can be done. */
import { h } from "../../inbox/shared/dom.js";
import { gettext } from "../../inbox/shared/i18n.js";
import { place } from "./place.js";

/** It closes as every popover does, and goes then. @param {HTMLElement} button of the bell @param {string} inbox @param {() => void} retry */
export function openUnloaded(button, inbox, retry) {
  const again = h("button", { class: "again", type: "button", onclick: () => { element.hidePopover(); button.focus(); retry(); } }, gettext("Try again"));
  const element = h("div", {
    class: "unloaded", popover: "auto", role: "dialog", "aria-labelledby": "unloaded", tabindex: "-1", autofocus: true,
    // Chromium does not return the focus if the popover is in a shadow root.
    onbeforetoggle: (event) => event.newState === "closed" && element.matches(":focus-within") && queueMicrotask(() => button.focus()),
    ontoggle: (event) => event.newState === "closed" && element.remove(),
  },
  h("p", { id: "unloaded" }, gettext("Your notifications can’t be shown: no connection.")), again,
  h("a", { href: inbox }, gettext("View all")));
  button.after(element);
  place(element, button);
  element.showPopover();
}
