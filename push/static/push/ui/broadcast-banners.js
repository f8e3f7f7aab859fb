/**
 * The custom element <broadcast-banners>: where announcements come from, and where they are shown. Each part is in a file
 * beside this one. The attributes are documented in banners.js.
 * @import {Item, RenewTicket} from "../client/types.js"
 */
import { Api } from "../../inbox/shared/api.js";
import { h, setText } from "../../inbox/shared/dom.js";
import { gettext, languageOf } from "../../inbox/shared/i18n.js";
import { levelWord, readItems } from "../../inbox/shared/item.js";
import { Reports } from "../../inbox/shared/reports.js";
import { after, backoff } from "../../inbox/shared/timing.js";
import { TRIAL, isTrial, markOf } from "../../inbox/shared/trial.js";
import { prepareVoice, say, sayUrgently } from "../../inbox/shared/voice.js";
import { whileShown } from "../client/lifecycle.js";
import { createCredential } from "../client/credential.js";
import { Confirmation } from "./confirmation.js";
import { Stack } from "./stack.js";
import { Trials } from "./trials.js";
import { UserAnnouncements } from "./user-announcements.js";
import { VisitorAnnouncements, isClosed, rememberClosed } from "./visitor-announcements.js";

export class BroadcastBanners extends HTMLElement {
  /** What is on screen, the most urgent first. @type {any[]} */ #items = [];
  #trials = new Trials(() => this.#show(this.#items, true));
  #closing = new Set(); // refs whose closing is being written
  #lifetime = new AbortController();
  /** @type {UserAnnouncements|null} */ #user = null;
  /** @type {VisitorAnnouncements|null} */ #visitor = null;
  /** @type {import("../reddot.js").RedDot|null} */ #own = null; // the connection, on a page without a bell

  /** @type {Reports|null} */ #reports = null;

  /** Gets the next ticket; for pages of another origin. @type {RenewTicket|null} */ renewTicket = this.renewTicket ?? null;

  connectedCallback() {
    if (!this.above) this.#build();
    this.#lifetime = new AbortController();
    const { signal } = this.#lifetime;
    document.addEventListener("reddot:change", ({ detail }) => this.#user?.hear(detail), { signal });
    document.addEventListener("reddot:state", ({ detail }) => this.#onState(detail), { signal });
    whileShown(signal, () => this.#user ?? this.#visitor ?? this.#start(), () => this.#stop());
  }

  disconnectedCallback() {
    this.#lifetime.abort();
    this.#stop();
  }

  #build() {
    this.language = this.getAttribute("language") || document.documentElement.lang;
    const language = languageOf(this.language);
    this.rendered = this.#rendered();
    this.dataset.ready = "";
    const flow = /** @type {HTMLElement|null} */ (this.querySelector(".rd-notices"));
    this.flow = flow && new Stack(language, flow);
    this.above = new Stack(language);
    this.confirmation = new Confirmation(language, (item) => this.#confirm(item));
    this.append(this.above.element, this.confirmation.element);
    prepareVoice();
    this.addEventListener("click", (event) => this.#onClick(event));
  }

  /** What the server has read for this page: {version, items, max_age}. */
  #rendered() {
    const data = this.querySelector("script[type='application/json']")?.textContent;
    return data ? JSON.parse(data) : null;
  }

  #start() {
    const { ticket, ticketUrl, user } = this.#settings();
    if (user || ticket || ticketUrl || this.renewTicket) this.#startForUser();
    else if (this.hasAttribute("visitors")) this.#startForVisitor();
  }

  #settings() {
    const attribute = (name) => this.getAttribute(name) ?? undefined;
    return {
      api: attribute("api") ?? "/api/v1/", push: attribute("push"), user: attribute("user"), language: this.language,
      csrfToken: attribute("csrf-token"), mqttUrl: attribute("mqtt-url"),
      ticket: attribute("ticket"), ticketUrl: attribute("ticket-url"), renewTicket: this.renewTicket ?? undefined,
    };
  }

  #startForUser() {
    const settings = this.#settings();
    const base = new URL(settings.api, document.baseURI);
    this.api = new Api(base, createCredential({ ...settings, api: base }), this.language);
    this.#reports ??= new Reports(this.api, () => ({ user: this.#user?.user, version: this.#user?.version }));
    this.#user = new UserAnnouncements(this.api, settings.user ?? "", (items) => this.#take(items), (trial) => this.#try(trial));
    if (this.rendered) this.#takeRendered();
    if (this.bell?.snapshot) this.#user.hear(this.bell.snapshot);
    else if (!this.bell) this.#connect(settings);
  }

  #takeRendered() {
    this.#user?.startAt(this.rendered.version);
    this.#take(this.rendered.items, true);
    this.rendered = null;
  }

  /** For a page without a bell. @param {any} settings @param {number} [failures] to load the script, in a row */
  async #connect(settings, failures = 0, user = this.#user) {
    const reddot = await import("../reddot.js").catch(() => null);
    if (user !== this.#user) return; // the page was left meanwhile
    if (!reddot) {
      after(backoff(failures + 1), this.#lifetime.signal, () => this.#connect(settings, failures + 1, user));
      return;
    }
    this.#own = reddot.connect(settings);
    this.#own.addEventListener("change", ({ detail }) => this.#user?.hear(detail));
    this.#own.addEventListener("state", ({ detail }) => this.#onState(detail));
  }

  #onState({ state }) {
    if (state === "signed-out") this.#user?.leave();
  }

  /** @returns {any} */
  get bell() {
    return document.querySelector("notification-bell");
  }

  #startForVisitor() {
    const address = new URL(this.getAttribute("visitors"), document.baseURI);
    this.#visitor = new VisitorAnnouncements(address, (items) => this.#take(items));
    if (!this.rendered) return void this.#visitor.read();
    this.#visitor.wait(this.rendered.max_age);
    this.rendered.items = this.rendered.items.filter((item) => !isClosed(item));
    this.#takeRendered();
  }

  #stop() {
    this.#user?.stop();
    this.#visitor?.stop();
    this.#own?.close();
    this.#user = this.#visitor = this.#own = null;
  }

  /** @param {any[]} values as the server has sent them @param {boolean} [isRendered] they are on the page already */
  #take(values, isRendered = false) {
    const items = this.#read(values);
    if (isRendered) this.flow?.claim(items);
    else this.#announce(items);
    this.#show(items);
  }

  #read(values) {
    const items = readItems(values, new URL(this.getAttribute("inbox") ?? "/inbox/", document.baseURI));
    return items.map((item, at) => ({ ...item, revision: values[at].revision }));
  }

  /** @param {any[]} items @param {boolean} [byUser] it is the user who has removed what is missing */
  #show(items, byUser = false) {
    this.#items = items;
    const all = [...this.#read(this.#trials.items), ...items];
    const banners = all.filter(({ ref, kinds }) => kinds.includes("banner") && !this.#closing.has(ref));
    const inFlow = new Set(this.flow?.refs);
    this.flow?.show(banners.filter(({ ref }) => inFlow.has(ref)), byUser);
    this.above.show(banners.filter(({ ref }) => !inFlow.has(ref)), true);
    const dialog = all.find(({ kinds }) => kinds.includes("dialog")) ?? null;
    this.confirmation.show(dialog);
    if (dialog) this.#reports?.watch(this.confirmation.element, dialog, "dialog");
    for (const item of banners) this.#reports?.watch(this.#notice(item.ref), item, "banner");
  }

  /** @param {any} trial null: nothing */
  #try(trial) {
    if (this.#trials.take(trial)) this.#announce(this.#read(this.#trials.items));
  }

  /**
   * To screen readers: banners that are new. A dialog announces itself; what is neither, the bell announces.
   * @param {any[]} items
   */
  #announce(items) {
    const known = new Set(this.#items.map(({ ref }) => ref));
    const fresh = items.filter(({ ref, kinds }) => kinds.includes("banner") && !kinds.includes("dialog") && !known.has(ref));
    if (!fresh.length) return;
    const speak = fresh.some(({ level }) => level === "critical") ? sayUrgently : say;
    const sentences = fresh.map((item) => [...markOf(item), levelWord(item.level), item.title].filter(Boolean).join(": "));
    speak(sentences.join(". "));
  }

  // What the user does

  /** @param {Event} event */
  #onClick({ target }) {
    const control = /** @type {HTMLElement} */ (target).closest?.("[data-act]");
    const place = /** @type {HTMLElement|null} */ (control?.closest("[data-ref]"));
    if (!place || !this.contains(place)) return;
    const { act, button } = /** @type {HTMLElement} */ (control).dataset;
    if (act === "close") return void this.#close(place.dataset.ref);
    const item = this.#items.find(({ ref }) => ref === place.dataset.ref);
    if (item) this.#reports?.clicked(item, place.localName === "li" ? "banner" : "dialog", act === "follow" ? Number(button) : undefined);
  }

  /** It is gone at once, and comes back with a message if that can't be written. @param {string} ref */
  async #close(ref) {
    const next = this.#neighbour(ref);
    if (ref === TRIAL) {
      this.#trials.drop("banner");
      return void next?.focus();
    }
    const item = this.#items.find((each) => each.ref === ref);
    if (!item) return;
    this.#closing.add(ref);
    this.#show(this.#items, true);
    next?.focus();
    const problem = await this.#write(() => this.#writeClosed(item));
    this.#closing.delete(ref);
    if (problem) this.#show(this.#items);
    else this.#show(this.#items.flatMap((each) => each.ref === ref ? without(each, "banner") : each), true);
    const notice = this.#notice(ref);
    if (notice && problem) tell(notice, problem);
  }

  /** Whether its banner is here: then it is not new, and this says nothing of it. @param {string} ref */
  has(ref) {
    return this.#items.some((item) => item.ref === ref && item.kinds.includes("banner"));
  }

  /** @param {string} ref */
  #notice(ref) {
    return this.flow?.find(ref) ?? this.above.find(ref);
  }

  /** The close button that gets the focus. @param {string} ref @returns {HTMLElement|undefined} */
  #neighbour(ref) {
    const all = /** @type {HTMLElement[]} */ ([...this.querySelectorAll("[data-act=close]")]).filter((button) => button.checkVisibility());
    const at = all.findIndex((button) => button.closest(`[data-ref="${CSS.escape(ref)}"]`));
    return all[at + 1] ?? all[at - 1];
  }

  #writeClosed(item) {
    if (this.#user) return this.api.answer("close", item.ref, this.#user.version);
    return rememberClosed(item);
  }

  /** @param {any} item */
  async #confirm(item) {
    if (isTrial(item)) return this.#trials.drop("dialog");
    const problem = await this.#write(() => this.api.answer("confirm", item.ref, this.#user?.version ?? 0));
    if (problem) throw new Error(problem);
    this.#show(this.#items.flatMap((each) => each.ref === item.ref ? without(each, "dialog") : each), true);
  }

  /** @param {() => any} call @returns {Promise<string>} what to tell the user, "" if it worked */
  async #write(call) {
    try {
      const snapshot = await call();
      if (!snapshot?.version) return "";
      this.bell?.offer?.(snapshot);
      this.#own?.offer(snapshot);
      this.#user?.wrote(snapshot);
      return "";
    } catch (error) {
      if (error.status === 404 || error.status === 409) this.#user?.read(); // it is gone, or has changed
      return error.status === 409 ? error.message : error.status === 404 ? "" : gettext("That didn’t work. Check your connection and try again.");
    }
  }
}

/** The item without this kind: in a list, or nothing if it had no other. */
function without(item, kind) {
  const kinds = item.kinds.filter((each) => each !== kind);
  return kinds.length ? [{ ...item, kinds }] : [];
}

/** @param {HTMLElement} notice @param {string} problem */
function tell(notice, problem) {
  const failed = notice.querySelector(".rd-notice-failed") ?? h("p", { class: "rd-notice-failed" });
  notice.querySelector(".rd-notice-words").append(failed);
  setText(failed, problem);
  say(problem);
}
