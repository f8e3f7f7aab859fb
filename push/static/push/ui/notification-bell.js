/** @import {Item, RenewTicket, Snapshot, State} from "../client/types.js" */
import { Api } from "../client/api.js";
import { PushClient } from "../client/client.js";
import { credentialOf, csrfTokens } from "../client/credential.js";
import { rungs } from "../client/rungs.js";
import { Store, sameUser } from "../client/store.js";
import { gettext } from "../i18n.js";
import { Announcer, countLabel, unreadText } from "./announcer.js";
import { h } from "./dom.js";
import { follow } from "./follow.js";
import { icon } from "./icons.js";
import { Panel } from "./panel.js";
import { forget, recall, remember } from "./memory.js";
import { styles } from "./styles.js";
import { Favicon, markTitle } from "./tab.js";
import { languageOf } from "./time.js";
import { Toasts } from "./toasts.js";
import { readItem } from "../../inbox/item.js";

/** The bell: a badge, a panel, toasts, and the count in the browser's tab. Its attributes are in bell.js. */
export class NotificationBell extends HTMLElement {
  static observedAttributes = ["user", "push", "language", "transport", "ticket", "ticket-url", "mqtt-url"];

  /** @type {PushClient|null} */ #client = null;
  #store = new Store();
  #life = new AbortController();
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

  /** The rung in use, by whichever tab holds the connection; "" while there is none. */
  get transport() {
    return this.#client?.transport ?? "";
  }

  /** Of the page: the site's own decision, which a cookie or the browser's wishes need not agree with. */
  get language() {
    return this.getAttribute("language") || document.documentElement.lang;
  }

  /** Gets a ticket for this page, as the attribute `ticket-url` does. @returns {RenewTicket|null} */
  get renewTicket() {
    return this.#renewTicket;
  }

  set renewTicket(renew) {
    this.#renewTicket = renew;
    this.#restart();
  }

  /** Takes a snapshot that an API call answered. @param {Snapshot} snapshot */
  offer(snapshot) {
    this.#client?.offer(snapshot);
  }

  connectedCallback() {
    if (!this.panel) this.#build();
    this.#adopt("renewTicket");
    this.#life = new AbortController();
    const listen = { signal: this.#life.signal };
    addEventListener("pagehide", () => this.#stop(), listen); // into the back/forward cache, perhaps
    addEventListener("pageshow", () => this.#client ?? this.#start(), listen);
    this.#start();
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#stop();
    this.#mark("");
  }

  attributeChangedCallback(name, before, now) {
    if (this.#client && before !== now) this.#restart();
  }

  /** A property that the page set before this class was loaded hides the accessor. @param {"renewTicket"} name */
  #adopt(name) {
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
    if (!user && !credential.byTicket) return;
    this.#client = new PushClient({
      user,
      push: this.#address("push", "/push/"),
      rungs: rungs(this.getAttribute("transport")),
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
    return credentialOf({
      api: this.#address("api", "/api/v1/"),
      csrfTokens: () => csrfTokens(this.getAttribute("csrf-token")),
      ticket: this.getAttribute("ticket"),
      ticketUrl: this.getAttribute("ticket-url"),
      renewTicket: this.renewTicket,
    });
  }

  /** @param {string} attribute @param {string} otherwise */
  #address(attribute, otherwise) {
    return new URL(this.getAttribute(attribute) ?? otherwise, document.baseURI);
  }

  /** Paths in items are this site's, which need not be the page's. */
  get #site() {
    return this.#address("inbox", "/inbox/");
  }

  #build() {
    const language = languageOf(this.language);
    const inbox = this.getAttribute("inbox") ?? "/inbox/";
    this.api = new Api(this.#address("api", "/api/v1/"), this.#credential());
    this.badge = h("span", { class: "badge", part: "badge" });
    this.button = h("button", { class: "bell", part: "button", type: "button", "aria-haspopup": "dialog", popovertarget: "panel" }, icon("bell"), this.badge);
    this.panel = new Panel({
      api: this.api, language, inbox, site: this.#site, button: this.button,
      offer: (snapshot) => this.offer(snapshot),
      retry: () => this.#client?.wake(true),
      refused: () => this.#client?.doubt(),
      opened: () => this.toasts.clear(),
    });
    this.toasts = new Toasts({ chosen: (event, item) => this.#chosen(event, item), open: () => this.panel.open() });
    this.shadowRoot.append(this.button, this.panel.element, this.#announcer.element, this.toasts.element);
  }

  /** @param {Snapshot} snapshot @param {Item|null} pushed */
  #onSnapshot(snapshot, pushed) {
    const item = pushed && readItem(pushed, this.#site);
    if (this.shown && !sameUser(this.shown, snapshot)) this.#clear();
    const before = this.shown;
    this.#show(snapshot);
    remember(snapshot);
    this.panel.onSnapshot(snapshot);
    this.#announcer.note(snapshot, item);
    if (!snapshot.unread) this.toasts.clear();
    if (item && !this.panel.opened) this.toasts.show(item, Math.max(0, snapshot.unread - (before?.unread ?? 0) - 1));
    document.dispatchEvent(new CustomEvent("reddot:change", { detail: snapshot }));
  }

  #onState() {
    this.dataset.state = this.state;
    if (this.state === "signed-out") this.#forget();
    this.panel.onState(this.state);
  }

  #forget() {
    forget();
    this.#clear();
    this.#show(null);
  }

  /** What is of another user leaves the screen. */
  #clear() {
    this.shown = null;
    this.toasts.clear();
    this.panel.clear();
    this.#announcer.clear();
  }

  /** @param {Snapshot|null} snapshot a newer state, or what this tab showed on the page before */
  #show(snapshot) {
    this.shown = snapshot;
    const label = countLabel(snapshot);
    if (this.badge.textContent !== label) this.badge.textContent = label;
    this.button.ariaLabel = `${gettext("Notifications")}, ${unreadText(snapshot)}`;
    this.#mark(label);
  }

  #mark(label) {
    markTitle(label);
    if (this.getAttribute("favicon") !== "off") this.#favicon.mark(label, getComputedStyle(this.badge).backgroundColor);
  }

  /** A toast was clicked. @param {MouseEvent} event @param {Item} item */
  #chosen(event, item) {
    const done = this.api.read([item.ref]).then((snapshot) => this.offer(snapshot), () => {});
    if (event.currentTarget instanceof HTMLAnchorElement) follow(event, done);
  }
}
