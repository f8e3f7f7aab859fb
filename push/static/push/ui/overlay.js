/**
 * What lies over the page when somebody opens the bell, or when something arrives: panel and toasts. It is loaded after the
 * number is on screen (notification-bell.js).
 * @import {Api} from "../../inbox/shared/api.js" @import {Item, Outage, Snapshot, State} from "../client/types.js"
 */
import { InboxApi } from "../../inbox/shared/inbox-api.js";
import { readItem } from "../../inbox/shared/item.js";
import { Reports } from "../../inbox/shared/reports.js";
import { follow } from "../../inbox/shared/rows/clicks.js";
import { pause } from "../../inbox/shared/timing.js";
import { TRIAL, isTrial } from "../../inbox/shared/trial.js";
import { overlayStyles } from "./overlay-styles.js";
import { Panel } from "./panel.js";
import { Toasts } from "./toasts.js";

const TOAST = 500; // characters of its text, as the server cuts it
const ASKED = 3; // seconds for the page to read its list

/** Whether a list on this page shows it, as the inbox page answers; null if there is none. @param {Item} item @returns {Promise<boolean>|null} */
function isOnPage(item) {
  /** @type {Promise<boolean>[]} */ const answers = [];
  const waitFor = (/** @type {Promise<boolean>} */ answer) => answers.push(answer);
  document.dispatchEvent(new CustomEvent("reddot:arrived", { detail: { item, version: item.version, waitFor } }));
  return answers.length ? Promise.race([Promise.any(answers), pause(ASKED).then(() => false)]) : null;
}

export class Overlay {
  /**
   * @param {ShadowRoot} root of the bell
   * @param {{api: Api, language: string, inbox: string, site: URL, button: HTMLElement, snapshot: () => Snapshot|null,
   *          offer: (snapshot: Snapshot) => void, retry: () => void, recheckUser: () => void}} bell
   */
  constructor(root, bell) {
    this.bell = bell;
    /** The bell's own client, which has all methods from here on. @type {InboxApi} */
    const api = Object.setPrototypeOf(bell.api, InboxApi.prototype);
    this.api = Object.assign(api, { site: bell.site });
    this.reports = new Reports(api, () => ({ user: bell.snapshot()?.user, version: bell.snapshot()?.version }));
    this.panel = new Panel({ ...bell, api, reports: this.reports, onOpen: () => this.toasts.clearPassing(), onShown: (items) => this.#onShown(items) });
    this.toasts = new Toasts({ onChoose: (event, item) => this.#onChoose(event, item), open: () => this.panel.open() });
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, overlayStyles];
    root.append(this.panel.element, this.toasts.element);
  }

  open() {
    this.panel.open();
  }

  /** @param {Snapshot} snapshot */
  onSnapshot(snapshot) {
    this.panel.onSnapshot(snapshot);
    if (!snapshot.unread) this.toasts.clear();
  }

  /** @param {State} state */
  onState(state) {
    this.panel.onState(state);
  }

  /** @param {Outage} outage */
  onOutage(outage) {
    this.panel.onOutage(outage);
  }

  /** Remove everything of the user who was signed in. */
  clear() {
    this.toasts.clear();
    this.panel.clear();
  }

  /** What has just arrived, unless its row is on screen. @param {Item} item @param {number} others that arrived with it */
  async toast(item, others) {
    if (this.panel.opened) return;
    const asked = isOnPage(item);
    if (asked && ((await asked) || this.panel.opened || !this.bell.snapshot()?.unread)) return;
    this.reports.watch(this.toasts.show(item, others), item, "toast");
  }

  /** The list shows these: no toast beside their rows. @param {any[]} items */
  #onShown(items) {
    for (const { ref, newest } of items) for (const each of [ref, newest]) if (each) this.toasts.remove(each);
  }

  /** An announcement that its author tries out; null: none any more. @param {any} item */
  try(item) {
    this.toasts.remove(TRIAL);
    if (item?.kinds.includes("inbox")) this.toasts.show(readItem({ ...item, body: item.body.slice(0, TOAST) }, this.bell.site), 0);
  }

  /** A toast was clicked. @param {MouseEvent} event @param {Item} item */
  #onChoose(event, item) {
    if (isTrial(item)) return event.preventDefault();
    const done = this.panel.feed.actions.readPart(item);
    if (!(event.currentTarget instanceof HTMLAnchorElement)) return;
    this.reports.clicked(item, "toast");
    follow(event, event.currentTarget, done);
  }
}
