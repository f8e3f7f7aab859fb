/**
 * The custom element <notification-bell>: its attributes, and how a snapshot reaches its parts. Each part is in a file beside
 * this one, the connection in client/. The number comes first: panel and toasts (overlay.js) are loaded after it.
 * @import {Item, Outage as Kind, RenewTicket, Snapshot, State} from "../client/types.js"
 */
import { Api } from "../../inbox/shared/api.js";
import { h, setText } from "../../inbox/shared/dom.js";
import { gettext, languageOf } from "../../inbox/shared/i18n.js";
import { icon } from "../../inbox/shared/icons.js";
import { readItem } from "../../inbox/shared/item.js";
import { sameUser } from "../../inbox/shared/snapshot.js";
import { hearTrials } from "../../inbox/shared/trial.js";
import { PushClient } from "../client/client.js";
import { createCredential } from "../client/credential.js";
import { whileShown } from "../client/lifecycle.js";
import { Outage } from "../client/outage.js";
import { Store } from "../client/store.js";
import { transportsFor } from "../client/transports.js";
import { Announcer, countLabel, unreadText } from "./announcer.js";
import { Later } from "./later.js";
import { forget, recall, remember } from "./memory.js";
import { styles } from "./styles.js";
import { Name } from "./name.js";
import { Favicon, markTitle } from "./tab.js";

/** A badge, a panel, toasts, and the count in the browser's tab. The attributes are documented in bell.js. */
export class NotificationBell extends HTMLElement {
  static observedAttributes = ["user", "push", "language", "transport", "ticket", "ticket-url", "mqtt-url"];

  /** @type {PushClient|null} */ #client = null;
  #store = new Store();
  #lifetime = new AbortController();
  #favicon = new Favicon();
  #announcer = new Announcer();
  #outage = new Outage(() => this.#onOutage());
  #overlay = new Later(() => import("./overlay.js").then(({ Overlay }) => this.#makeOverlay(Overlay)));
  /** @type {RenewTicket|null} */ #renewTicket = null;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [styles];
  }

  /** The newest state, or null while there is none. @returns {Snapshot|null} */
  get snapshot() { return this.#store.current; }

  /** @returns {State} */
  get state() {
    return this.#client?.state ?? "signed-out";
  }

  /** Why what is shown may be out of date, "" if it is not. @returns {Kind} */
  get outage() { return this.#outage.kind; }

  /** The transport in use, in whichever tab holds the connection; "" while there is none. */
  get transport() { return this.#client?.transport ?? ""; }

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
    if (this.shown && sameUser(this.shown, snapshot)) this.#announcer.own(snapshot);
    this.#client?.offer(snapshot);
  }

  reconnect() {
    this.#client?.wake(true);
  }

  connectedCallback() {
    if (!this.button) this.#build();
    this.#upgradeProperty("renewTicket");
    this.#lifetime = new AbortController();
    this.#outage.watch(this.#lifetime.signal);
    this.name.listen(this.#lifetime.signal);
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
    this.#outage.onState("connecting");
    this.#client.start();
  }

  #stop() {
    this.#client?.stop();
    this.#client = null;
    this.#outage.leave();
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

  #address(/** @type {string} */ attribute, /** @type {string} */ otherwise) {
    return new URL(this.getAttribute(attribute) ?? otherwise, document.baseURI);
  }

  get #inbox() {
    return this.getAttribute("inbox") ?? "/inbox/";
  }

  /** What paths in items are relative to: the page may be of another origin. */
  get #site() {
    return this.#address("inbox", "/inbox/");
  }

  #build() {
    this.api = new Api(this.#address("api", "/api/v1/"), this.#credential());
    this.badge = h("span", { class: "badge", part: "badge" });
    this.button = h("button", {
      class: "bell", part: "button", type: "button", "aria-haspopup": "dialog", popovertarget: "panel", onclick: () => this.#overlay.value ?? this.#open(),
    }, icon("bell"), this.badge, h("span", { class: "mark", part: "mark" }, icon("offline")));
    this.name = new Name(this, this.button);
    this.shadowRoot.append(this.button);
    this.#announcer.prepare();
  }

  // Panel and toasts

  /** @param {typeof import("./overlay.js").Overlay} Overlay */
  #makeOverlay(Overlay) {
    const overlay = new Overlay(/** @type {ShadowRoot} */ (this.shadowRoot), {
      api: this.api, language: languageOf(this.language), inbox: this.#inbox, site: this.#site, button: this.button,
      snapshot: () => this.snapshot,
      offer: (snapshot) => this.offer(snapshot),
      retry: () => this.reconnect(),
      recheckUser: () => this.#client?.recheckUser(),
    });
    if (this.snapshot) overlay.onSnapshot(this.snapshot);
    overlay.onState(this.state);
    overlay.onOutage(this.outage);
    return overlay;
  }

  /**
   * The bell was pressed before there is a panel. If it can't be loaded, the inbox page has all that it would show, or it says
   * why not. Nothing opens if the user has moved the focus meanwhile: it would take what they type; or if they have pressed Escape.
   */
  #open() {
    const root = /** @type {Document|ShadowRoot} */ (this.getRootNode()), { activeElement } = root;
    const waiting = new AbortController(), { signal } = waiting;
    document.addEventListener("keydown", ({ key }) => key === "Escape" && waiting.abort(), { signal });
    const isWaiting = () => !signal.aborted && this.isConnected && root.activeElement === activeElement;
    const instead = () => this.state === "live" && !this.outage ? location.assign(this.#inbox) : this.#explain();
    this.#overlay.get().then((overlay) => isWaiting() && overlay.open(), () => isWaiting() && instead()).finally(() => waiting.abort());
  }

  /** Why nothing opens, until the focus goes elsewhere or the button is pressed again. */
  #explain() {
    const why = h("p", { class: "why", role: "alert" }, gettext("Your notifications can’t be shown: no connection."));
    for (const event of ["blur", "click"]) this.button.addEventListener(event, () => why.remove(), { once: true });
    this.button.after(why);
  }

  /** @param {Snapshot} snapshot @param {Item} item @param {number} others that arrived with it */
  async #toast(snapshot, item, others) {
    const overlay = this.#overlay.value ?? await this.#overlay.get().catch(() => null);
    const isCurrent = this.shown === snapshot || (this.shown?.unread && sameUser(this.shown, snapshot)); // it took a while
    if (isCurrent) overlay?.toast({ ...item, version: snapshot.version }, others);
  }

  /** An announcement that its author tries out; null: none any more. @param {any} item */
  #try(item) {
    this.#overlay.get().then((overlay) => overlay.try(item), () => {});
  }

  /** @param {Snapshot} snapshot @param {Item|null} pushed */
  #onSnapshot(snapshot, pushed) {
    const item = pushed && readItem(pushed, this.#site);
    if (this.shown && !sameUser(this.shown, snapshot)) this.#clear();
    const before = this.shown;
    this.#show(snapshot);
    remember(snapshot);
    this.#overlay.value?.onSnapshot(snapshot);
    this.#announcer.note(snapshot, item, { badge: this.badgeShows, isSaid: this.#isAnnounced(item) });
    const others = Math.max(0, snapshot.unread - (before?.unread ?? 0) - 1);
    if (item) this.#toast(snapshot, item, others);
    document.dispatchEvent(new CustomEvent("reddot:change", { detail: snapshot }));
    this.#overlay.soon();
  }

  /** By its dialog or its new banner on this page: a screen reader shall say it once. @param {Item|null} item */
  #isAnnounced(item) {
    const banners = /** @type {any} */ (document.querySelector("broadcast-banners"));
    return Boolean(banners && item?.kinds.length && (item.kinds.includes("dialog") || !banners.has?.(item.ref)));
  }

  #onState() {
    this.dataset.state = this.state;
    if (this.state === "signed-out") this.#forget();
    this.#overlay.value?.onState(this.state);
    this.#outage.onState(this.state);
    this.#name();
    if (this.state !== "connecting") this.#overlay.soon();
    document.dispatchEvent(new CustomEvent("reddot:state", { detail: { state: this.state } }));
  }

  /** A page that says it itself cancels the event; else it is said here, once. */
  #onOutage() {
    this.dataset.outage = this.outage;
    this.#name();
    this.#overlay.value?.onOutage(this.outage);
    const event = new CustomEvent("reddot:outage", { detail: { outage: this.outage }, cancelable: true });
    if (document.dispatchEvent(event) && this.#client && !this.#overlay.value?.panel.opened) this.#announcer.tell(this.outage);
  }

  #forget() {
    forget();
    this.#clear();
    this.#show(null);
  }

  /** Remove everything of the user who was signed in. */
  #clear() {
    this.shown = null;
    this.#overlay.value?.clear();
    this.#announcer.clear();
  }

  /** @param {Snapshot|null} snapshot a newer state, or the one remembered from the page before */
  #show(snapshot) {
    this.shown = snapshot;
    const label = countLabel(snapshot, this.badgeShows);
    setText(this.badge, label);
    this.#name();
    this.#mark(label);
  }

  #name() {
    const count = this.state === "signed-out" && this.#client ? gettext("signed out") : unreadText(this.shown ?? null, this.badgeShows);
    this.name.show(count, this.outage);
  }

  #mark(label) {
    markTitle(label);
    if (this.getAttribute("favicon") !== "off") this.#favicon.mark(label, getComputedStyle(this.badge).backgroundColor);
  }
}
