/** What the panel shows instead of a list. Each is { icon, heading, a sentence, what to do next }. */
import { gettext } from "../i18n.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {{inbox: string, retry: () => void}} Actions */

/** @param {string} name @param {string} heading @param {string} text @param {Node|null} [action] */
function view(name, heading, text, action = null) {
  return h("div", { class: "view" }, h("span", { class: "emblem" }, icon(name)), h("h3", {}, heading), h("p", {}, text), action);
}

/** @param {Actions} actions */
function retryButton({ retry }) {
  return h("button", { class: "button", type: "button", onclick: retry }, gettext("Try again"));
}

export const views = {
  empty: () => view("tray", gettext("You’re all caught up"), gettext("When something happens, it shows up here.")),

  /** @param {Actions} actions */
  error: (actions) => view("cloud", gettext("Can’t load your notifications"),
    gettext("The server didn’t answer as expected."), retryButton(actions)),

  /** @param {Actions} actions */
  offline: (actions) => view("cloud", gettext("You’re offline"),
    gettext("We’ll reconnect by ourselves as soon as we can."), retryButton(actions)),

  /** @param {Actions} actions the inbox asks for a sign-in */
  "signed-out": ({ inbox }) => view("door", gettext("You’re signed out"), gettext("Sign in again to see your notifications."),
    h("a", { class: "button", href: inbox }, gettext("Sign in"))),
};

/** Grey bars where the rows will be. */
export function skeleton() {
  const row = () => h("div", { class: "bone" }, h("span", {}), h("span", {}), h("span", {}));
  return h("div", { class: "skeleton", role: "status", "aria-label": gettext("Loading…") }, ...Array.from({ length: 6 }, row));
}
