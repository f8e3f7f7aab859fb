/**
 * The custom element <notification-bell>: its attributes, and how a snapshot reaches its parts. Each part is in a file beside
 * this one, the connection in client/.
 * @import {Item, RenewTicket, Snapshot, State} from "../client/types.js"
 */
import { Api } from "../../inbox/shared/api.js";
import { h, setText } from "../../inbox/shared/dom.js";
import { gettext, languageOf } from "../../inbox/shared/i18n.js";
import { icon } from "../../inbox/shared/icons.js";
import { readItem } from "../../inbox/shared/item.js";
import { Reports } from "../../inbox/shared/reports.js";
import { sameUser } from "../../inbox/shared/snapshot.js";
import { TRIAL, hearTrials, isTrial } from "../../inbox/shared/trial.js";
import { PushClient } from "../client/client.js";
import { createCredential } from "../client/credential.js";
import { whileShown } from "../client/lifecycle.js";
import { Store } from "../client/store.js";
import { transportsFor } from "../client/transports.js";
import { Announcer, countLabel, unreadText } from "./announcer.js";
import { follow } from "./follow.js";
import { forget, recall, remember } from "./memory.js";
import { Panel } from "./panel.js";
import { styles } from "./styles.js";
import { Favicon, markTitle } from "./tab.js";
import { Toasts } from "./toasts.js";

const TOAST = 500; // characters of its text, as the server cuts it

/** A badge, a panel, toasts, and the count in the browser's tab. The attributes are documented in bell.js. */
export class NotificationBell extends HTMLElement {
  static observedAttributes = ["user", "push", "language", "transport", "ticket", "ticket-url", "mqtt-url"];

  /** @type {PushClient|null} */ #client = null;
  #store = new Store();
  #lifetime = new AbortController();
  #favicon = new Favicon();
  #announcer = new Announcer();
  /** @type {RenewTicket|null} */ #renewTicket = null;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [styles];
  }

  /** The newest state, or null while there is none. @returns {Snapshot|null} */
  get snapshot() {
    return this.#store.current;
  }

  /** @returns {State} */
  get state() {
    return this.#client?.state ?? "signed-out";
  }

  /** The transport in use, in whichever tab holds the connection; "" while there is none. */
  get transport() {
    return this.#client?.transport ?? "";
  }

  /** The page's, as the site decided it; the language cookie and the browser's settings may differ. */
  get language() {
    return this.getAttribute("language") || document.documentElement.lang;
  }

  /** Which number of the snapshot is shown (`INBOX_BADGE`). @returns {import("./announcer.js").Badge} */
  get badgeShows() {
    const name = this.getAttribute("badge");
    return name === "unseen" || name === "threads" ? name : "unread";
  }

  /** A function that gets a ticket for this page, in place of the attribute `ticket-url`. @returns {RenewTicket|null} */
  get renewTicket() {
    return this.#renewTicket;
  }

  set renewTicket(renew) {
    this.#renewTicket = renew;
    this.#restart();
  }

  /** Take a snapshot that an API call returned. @param {Snapshot} snapshot */
  offer(snapshot) {
    this.#client?.offer(snapshot);
  }

  connectedCallback() {
    if (!this.panel) this.#build();
    this.#upgradeProperty("renewTicket");
    this.#lifetime = new AbortController();
    hearTrials(this.#lifetime.signal, (item) => this.#try(item));
    whileShown(this.#lifetime.signal, () => this.#client ?? this.#start(), () => this.#stop());
  }

  disconnectedCallback() {
    this.#lifetime.abort();
    this.#stop();
    this.#mark("");
  }

  attributeChangedCallback(name, before, now) {
    if (this.#client && before !== now) this.#restart();
  }

  /** A property that the page set before this class was defined hides the accessor. @param {"renewTicket"} name */
  #upgradeProperty(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    this[name] = value;
  }

  #restart() {
    if (!this.isConnected) return;
    this.#stop();
    this.#start();
  }

  #start() {
    const user = this.getAttribute("user") ?? "";
    const credential = this.#credential();
    Object.assign(this.api, { credential, language: this.language });
    if (!user && !credential.usesTickets) return;
    this.#client = new PushClient({
      user,
      push: this.#address("push", "/push/"),
      transports: transportsFor(this.getAttribute("transport")),
      store: this.#store,
      options: { credential, language: this.language, mqttUrl: this.getAttribute("mqtt-url") ?? "" },
    }, {
      snapshot: (snapshot, item) => this.#onSnapshot(snapshot, item),
      state: () => this.#onState(),
    });
    const recalled = recall(user);
    this.#store.startAbove(recalled);
    this.#show(this.snapshot ?? recalled);
    this.#client.start();
  }

  #stop() {
    this.#client?.stop();
    this.#client = null;
  }

  #credential() {
    return createCredential({
      api: this.#address("api", "/api/v1/"),
      csrfToken: this.getAttribute("csrf-token"),
      ticket: this.getAttribute("ticket"),
      ticketUrl: this.getAttribute("ticket-url"),
      renewTicket: this.renewTicket,
    });
  }

  /** @param {string} attribute @param {string} otherwise */
  #address(attribute, otherwise) {
    return new URL(this.getAttribute(attribute) ?? otherwise, document.baseURI);
  }

  /** What paths in items are relative to: the page may be of another origin. */
  get #site() {
    return this.#address("inbox", "/inbox/");
  }

  #build() {
    const language = languageOf(this.language);
    const inbox = this.getAttribute("inbox") ?? "/inbox/";
    this.api = new Api(this.#address("api", "/api/v1/"), this.#credential());
    this.reports = new Reports(this.api, () => ({ user: this.snapshot?.user, version: this.snapshot?.version }));
    this.badge = h("span", { class: "badge", part: "badge" });
    this.button = h("button", { class: "bell", part: "button", type: "button", "aria-haspopup": "dialog", popovertarget: "panel" }, icon("bell"), this.badge);
    this.panel = new Panel({
      api: this.api, language, inbox, site: this.#site, button: this.button, reports: this.reports,
      offer: (snapshot) => this.offer(snapshot),
      retry: () => this.#client?.wake(true),
      recheckUser: () => this.#client?.recheckUser(),
      onOpen: () => this.toasts.clear(),
    });
    this.toasts = new Toasts({ onChoose: (event, item) => this.#onChoose(event, item), open: () => this.panel.open() });
    this.shadowRoot.append(this.button, this.panel.element, this.#announcer.element, this.#announcer.urgent, this.toasts.element);
  }

  /** @param {Snapshot} snapshot @param {Item|null} pushed */
  #onSnapshot(snapshot, pushed) {
    const item = pushed && readItem(pushed, this.#site);
    if (this.shown && !sameUser(this.shown, snapshot)) this.#clear();
    const before = this.shown;
    this.#show(snapshot);
    remember(snapshot);
    this.panel.onSnapshot(snapshot);
    this.#announcer.note(snapshot, this.#isAnnounced(item) ? null : item, this.badgeShows);
    if (!snapshot.unread) this.toasts.clear();
    const others = Math.max(0, snapshot.unread - (before?.unread ?? 0) - 1);
    if (item && !this.panel.opened) this.#toast({ ...item, version: snapshot.version }, others);
    document.dispatchEvent(new CustomEvent("reddot:change", { detail: snapshot }));
  }

  /** By its dialog or its new banner on this page: a screen reader shall say it once. @param {Item|null} item */
  #isAnnounced(item) {
    const banners = /** @type {any} */ (document.querySelector("broadcast-banners"));
    return Boolean(banners && item?.kinds.length && (item.kinds.includes("dialog") || !banners.has?.(item.ref)));
  }

  /** @param {Item} item @param {number} others */
  #toast(item, others) {
    this.reports.watch(this.toasts.show(item, others), item, "toast");
  }

  #onState() {
    this.dataset.state = this.state;
    if (this.state === "signed-out") this.#forget();
    this.panel.onState(this.state);
    document.dispatchEvent(new CustomEvent("reddot:state", { detail: { state: this.state } }));
  }

  #forget() {
    forget();
    this.#clear();
    this.#show(null);
  }

  /** Remove everything of the user who was signed in. */
  #clear() {
    this.shown = null;
    this.toasts.clear();
    this.panel.clear();
    this.#announcer.clear();
  }

  /** @param {Snapshot|null} snapshot a newer state, or the one remembered from the page before */
  #show(snapshot) {
    this.shown = snapshot;
    const label = countLabel(snapshot, this.badgeShows);
    setText(this.badge, label);
    this.button.ariaLabel = `${gettext("Notifications")}, ${unreadText(snapshot, this.badgeShows)}`;
    this.#mark(label);
  }

  #mark(label) {
    markTitle(label);
    if (this.getAttribute("favicon") !== "off") this.#favicon.mark(label, getComputedStyle(this.badge).backgroundColor);
  }

  /** An announcement that its author tries out; null: none any more. @param {any} item */
  #try(item) {
    this.toasts.remove(TRIAL);
    if (item?.kinds.includes("inbox")) this.toasts.show(readItem({ ...item, body: item.body.slice(0, TOAST) }, this.#site), 0);
  }

  /** A toast was clicked. @param {MouseEvent} event @param {Item} item */
  #onChoose(event, item) {
    if (isTrial(item)) return event.preventDefault();
    const done = this.api.read([item.ref], item.version).then((snapshot) => this.offer(snapshot), () => {});
    if (!(event.currentTarget instanceof HTMLAnchorElement)) return;
    this.reports.clicked(item, "toast");
    follow(event, done);
  }
}
