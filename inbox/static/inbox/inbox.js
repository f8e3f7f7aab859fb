/* The inbox page. It knows /api/v1/ and one DOM event, `reddot:change` (detail: the newest snapshot), which whoever
 * is connected to the server dispatches on `document`; without one the page still refreshes when it is looked at. */

import { Actions } from "./actions.js";
import { Api } from "./api.js";
import { Filters } from "./filters.js";
import { bindKeys } from "./keys.js";
import { List } from "./list.js";
import { below, merge } from "./merge.js";
import { Screen } from "./screen.js";
import { Toast } from "./toast.js";
import { fill, gettext, ngettext } from "./words.js";

const PAGE = 20;
const PAGE_MAX = 100; // the API's own limit
const [RETRY_MIN, RETRY_MAX] = [2_000, 30_000]; // ms
const ROTATION = 1_000; // ms until a new cookie has surely arrived

class Inbox {
  #next = null; // cursor after the last item on screen
  #shown = 0; // the version the list was shown with: what "mark all as read" may reach up to
  #counts = null; // the newest snapshot
  #written = 0; // the version after the reader's own last write
  #reading = false;
  #insert = null; // whether the next read shows new items at once, and which item then gets the focus
  #goTo = null;
  #leaving = false;
  #stopped = false; // the page of one user, the session of another
  #retry = 0;
  #wait = RETRY_MIN;
  #again = false;
  #turn = 0; // answers of an earlier filter are dropped

  constructor(root) {
    const one = (name) => root.querySelector(`[data-${name}]`);
    one("late")?.remove();
    const { api, icons, user } = root.dataset;
    const field = root.querySelector("[name=csrfmiddlewaretoken]");
    Object.assign(this, { root, user, api: new Api(api, field) });
    this.toast = new Toast(one("toast"), one("live"));
    this.filters = new Filters(root, () => this.start());
    const kindOf = (type) => ({ icon: this.filters.icon(type), label: this.filters.label(type) });
    this.list = new List(one("list"), kindOf, icons);
    this.screen = new Screen(root, {
      retry: () => this.retry(),
      more: () => this.more(),
      pill: () => this.unfold(),
      readAll: () => this.readAll(),
    });
    this.actions = new Actions(this.api, this.toast, this);
    this.#listen();
    this.start();
  }

  /* The newest there is, as far as we know. */
  get #version() {
    return this.#counts?.version ?? 0;
  }

  get filter() {
    return this.filters.current;
  }

  /** Read the list from the top, as after a change of filter. */
  async start() {
    const turn = (this.#turn += 1);
    this.screen.loading(this.list.items.length > 0);
    const read = await this.#guard(async () => {
      const [page, counts] = await Promise.all([this.api.page(this.filter, { limit: PAGE }), this.api.unread()]);
      if (turn !== this.#turn || !this.#isOurs(counts)) return;
      this.#accept(page, page.items, page.next);
      this.snapshot(counts);
    });
    if (read || turn !== this.#turn) return;
    this.#next = null;
    this.list.show([]); // what is there belongs to another filter
    this.#draw();
  }

  /** After an outage: what was shown stays if there is anything. */
  retry() {
    clearTimeout(this.#retry);
    if (this.#stopped) location.reload();
    else if (this.list.items.length) this.refresh();
    else this.start();
  }

  async more() {
    const [turn, before] = [this.#turn, this.#next];
    this.screen.busy(true);
    try {
      await this.#guard(async () => {
        const page = await this.api.page(this.filter, { before, limit: PAGE });
        if (turn !== this.#turn || before !== this.#next) return;
        const first = page.items[0];
        this.#next = page.next;
        this.list.show([...this.list.items, ...page.items.filter((item) => !this.list.find(item.ref))]);
        if (first) this.list.focus(first.ref);
      });
    } finally {
      this.screen.busy(false);
      this.#draw();
    }
  }

  /** Take in what changed. What is new at the top waits behind the pill while the reader is further down or at work. */
  async refresh({ insert = false } = {}) {
    if (this.#stopped) return;
    this.#insert ||= insert;
    if (this.#reading || this.actions.writing) return void (this.#again = true);
    this.#reading = true;
    this.#again = false;
    const [turn, known] = [this.#turn, this.#version];
    try {
      await this.#guard(async () => this.#take(turn, known, await this.#readShown(this.list.items)));
    } finally {
      this.#reading = false;
      this.settle();
    }
  }

  /* The list from the top, as far down as what is on screen: all of it may have changed. One page usually does. */
  async #readShown(shown) {
    const page = await this.api.page(this.filter, { limit: Math.min(Math.max(shown.length, PAGE), PAGE_MAX) });
    while (below(shown, page) && page.items.length < 2 * shown.length) {
      const limit = Math.min(below(shown, page), PAGE_MAX);
      const more = await this.api.page(this.filter, { before: page.next, limit });
      page.items.push(...more.items);
      page.next = more.items.length ? more.next : null;
    }
    return page; // its version was read before all of them
  }

  /** After a write or a read: do what had to wait for it. */
  settle() {
    this.#draw();
    if (this.#again && !this.actions.writing && !this.#reading) this.refresh();
    else if (!this.list.items.length && this.#next && !this.actions.writing) this.start();
  }

  /** Show all there is, then put the focus on an item that came back. */
  reload(ref) {
    this.#goTo = () => ref;
    return this.refresh({ insert: true });
  }

  unfold() {
    scrollTo({ top: 0, behavior: "instant" });
    this.#goTo = () => this.list.items[0]?.ref;
    return this.refresh({ insert: true });
  }

  readAll() {
    this.actions.readAll(this.#shown, this.filter.type).then(() => this.refresh());
  }

  /** The snapshot a write was answered with; bells on this page need not wait for it to be pushed. */
  answered(snapshot) {
    this.#written = snapshot.version;
    this.snapshot(snapshot);
    for (const bell of document.querySelectorAll("notification-bell")) bell.offer?.(snapshot);
  }

  /** A snapshot from the server, by whatever way: only the newest counts. */
  snapshot(snapshot) {
    if (!this.#isOurs(snapshot) || snapshot.version < this.#version) return;
    this.#counts = snapshot;
    this.filters.count(snapshot);
    this.#draw();
  }

  /* A snapshot of somebody else: they are signed in now, and this page was made for another person. */
  #isOurs({ user }) {
    if (String(user) !== this.user) this.#reloadFor(String(user));
    return String(user) === this.user;
  }

  /* Once. `history.state` outlives the reload and, unlike storage, is denied to no page. */
  #reloadFor(user) {
    if (this.#leaving || this.#stopped) return;
    const expected = history.state?.reloadedFor ?? this.user;
    if (expected !== this.user) return this.#stop(); // the last reload did not bring that user's page
    this.#leaving = true;
    history.replaceState({ ...history.state, reloadedFor: user }, "");
    location.reload();
  }

  #stop() {
    this.#stopped = true;
    this.screen.loaded();
    this.screen.offline(gettext("Someone else is signed in now. Reload the page to see their inbox."));
    this.#draw();
  }

  /** A write was refused; what it had shown is taken back already. */
  failed(error) {
    if (error.status === 401) return this.#signIn();
    this.toast.show(error.message);
    this.#again = true;
  }

  /* Reading failed: say so, keep what is shown, try again by itself. */
  #lost(error) {
    if (error.status === 401) return this.#signIn();
    if (error.status && error.status < 500) return this.toast.show(error.message);
    this.screen.offline(error.message);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.retry(), this.#wait * (0.5 + Math.random()));
    this.#wait = Math.min(this.#wait * 2, RETRY_MAX);
  }

  /* Asks once more before it believes that nobody is signed in: a new password ends the old session at once, while the answer
   * with the new cookie may still be on its way. */
  async #signIn() {
    if (this.#leaving) return;
    this.#leaving = true;
    await new Promise((resolve) => setTimeout(resolve, ROTATION));
    const signedOut = await this.api.unread().then(() => false, (error) => error.status === 401);
    if (signedOut) return this.#leave();
    this.#leaving = false;
    this.retry();
  }

  #leave() {
    location.assign(`${this.root.dataset.login}?${new URLSearchParams({ next: location.pathname + location.search })}`);
  }

  /* `known`: the version that was known when the page was asked for. */
  #take(turn, known, page) {
    if (turn !== this.#turn) return;
    if (this.#outdated(known, page)) return void (this.#again = true);
    // In the unread view what was read here stays until the reader leaves: nothing moves under their hands.
    const keep = (item) => this.filter.unread && item.read;
    const { items, next, fresh } = merge(this.list.items, this.#next, page, keep);
    const hold = fresh && !this.#insert && this.screen.atWork(this.list);
    this.screen.held(hold ? fresh : 0);
    if (hold) this.list.show(items.slice(fresh));
    else this.#accept(page, items, next, fresh);
    if (!fresh) return;
    this.toast.say(fill(ngettext("%(n)s new notification", "%(n)s new notifications", fresh), { n: fresh }));
  }

  /* Read before the reader's last write: what they have just filed would come back. Older than what was known when it was
   * asked for is something else: then the database was restored. */
  #outdated(known, page) {
    return this.actions.writing > 0 || (known <= page.version && page.version < this.#written);
  }

  #accept(page, items, next, fresh = 0) {
    this.#shown = page.version;
    this.#next = next;
    this.screen.held(0);
    this.list.show(items, fresh);
    this.screen.loaded();
    this.list.focus(this.#goTo?.());
    this.#insert = this.#goTo = null;
    this.#draw();
  }

  #draw() {
    const { type } = this.filter;
    const unread = (type ? this.#counts?.by_type[type] : this.#counts?.unread) ?? 0;
    const [empty, more] = [!this.list.items.length, this.#next !== null];
    const [label, stopped] = [this.filters.label(type), this.#stopped];
    this.screen.draw({ empty, more, unread, filter: this.filter, label, stopped });
  }

  /* → whether `work` was done; an ApiError is dealt with here. */
  async #guard(work) {
    try {
      await work();
      this.#wait = RETRY_MIN;
      if (!this.#stopped) this.screen.online();
      return true;
    } catch (error) {
      this.screen.loaded();
      if (!("status" in error)) throw error;
      this.#lost(error);
      this.#draw();
      return false;
    }
  }

  #listen() {
    document.addEventListener("reddot:change", ({ detail }) => {
      this.snapshot(detail);
      if (this.#isOurs(detail) && detail.version > this.#shown) this.refresh();
    });
    addEventListener("online", () => this.retry());
    addEventListener("offline", () => this.screen.offline(gettext("You are offline.")));
    addEventListener("pageshow", (event) => event.persisted && this.refresh());
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
    this.list.element.addEventListener("click", (event) => {
      const control = event.target.closest("[data-act]");
      if (control) this.actions.do(control.dataset.act, control.closest("[data-ref]").dataset.ref);
    });
    bindKeys(this.list, (name, ref) => this.actions.do(name, ref), () => this.toast.undo());
  }
}

for (const root of document.querySelectorAll("[data-inbox]")) new Inbox(root);
