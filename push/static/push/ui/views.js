/** What the panel shows instead of a list: an icon, a heading, a sentence, perhaps a button. */
import { h } from "../../inbox/shared/dom.js";
import { gettext } from "../../inbox/shared/i18n.js";
import { icon } from "../../inbox/shared/icons.js";

/** @typedef {{inbox: string, retry: () => void, showAll: () => void}} Actions */

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
  read: ({ showAll }) => view("checks", gettext("Nothing unread"), gettext("You have read everything."),
    h("button", { class: "button", type: "button", onclick: showAll }, gettext("Show all"))),

  /** @param {Actions} actions */
  error: (actions) => view("offline", gettext("Can’t load your notifications"),
    gettext("The server didn’t answer as expected."), retryButton(actions)),

  /** @param {Actions} actions */
  offline: (actions) => view("offline", gettext("You’re offline"),
    gettext("We’ll reconnect by ourselves as soon as we can."), retryButton(actions)),

  /** @param {Actions} actions */
  unreachable: (actions) => view("offline", gettext("No connection"),
    gettext("We’ll reconnect by ourselves as soon as we can."), retryButton(actions)),

  /** The inbox page redirects to the login page. @param {Actions} actions */
  "signed-out": ({ inbox }) => view("door", gettext("You’re signed out"), gettext("Sign in again to see your notifications."),
    h("a", { class: "button", href: inbox }, gettext("Sign in"))),
};

/** Placeholder rows. */
export function skeleton() {
  const row = () => h("div", { class: "bone" }, h("span", {}), h("span", {}), h("span", {}));
  return h("div", { class: "skeleton", role: "status", "aria-label": gettext("Loading…") }, ...Array.from({ length: 6 }, row));
}
