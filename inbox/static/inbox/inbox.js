/* The inbox page: when the list is read, and what is done with the answers. What a row looks like and what the user does
 * to it is in shared/rows/, what surrounds the list in screen.js.
 *
 * The page uses /api/v1/ and one DOM event, `reddot:change` (detail: the newest snapshot), dispatched on `document` by
 * whatever holds a connection (push's bell). Without that event the page refreshes when it is shown. */

import { Arrivals } from "./arrivals.js";
import { Filters } from "./filters.js";
import { Help } from "./help.js";
import { bindKeys } from "./keys.js";
import { Owner } from "./owner.js";
import { PAGE_MAX, makeApi, readBrought, readDown, readShown } from "./pages.js";
import { Position } from "./position.js";
import { Screen } from "./screen.js";
import { Selecting } from "./select/selecting.js";
import { glided } from "./shared/glide.js";
import { gettext, interpolate, languageOf, ngettext } from "./shared/i18n.js";
import { mayWorkLater } from "./shared/kept.js";
import { KeptNotice } from "./shared/kept-notice.js";
import { Reports } from "./shared/reports.js";
import { Actions } from "./shared/rows/actions.js";
import { bindClicks } from "./shared/rows/clicks.js";
import { List } from "./shared/rows/list.js";
import { merge } from "./shared/rows/merge.js";
import { Important, Parts } from "./shared/rows/parts.js";
import { Snooze } from "./shared/rows/snooze.js";
import { Stops } from "./shared/rows/stops.js";
import { dayName, refreshTimes, watchDays } from "./shared/times.js";
import { backoff } from "./shared/timing.js";
import { Toast } from "./toast.js";
import { tellZone } from "./zone.js";

const [RETRY_MIN, RETRY_MAX] = [2, 30]; // seconds

export class Inbox {
  #cursor = null; // after the last item on screen; null: there are no more
  #asked = 0; // rows that the reader has asked for
  #listVersion = 0; // the version the list was read at: "mark all as read" covers what was listed then
  #listFilter = null; // the filter it was read with
  #snapshot = null; // the newest
  #seen = -1; // the version up to which the user has seen the items, as this page has reported
  #writtenVersion = 0; // the version after the user's last write
  #reading = false;
  #refreshAgain = false; // something changed while the list was being read
  #insert = false; // the next refresh shows new items at once, whatever the user is doing
  #focusNext = null; // returns the ref of the item to focus after the next refresh
  #generation = 0; // counts changes of filter: responses for an earlier filter are dropped
  #failures = 0; // reads in a row
  #outages = 0; // times that the network or the connection was lost
  #outage = ""; // what a bell says of its connection: "offline" or "unreachable"
  #retryTimer = 0;

  /** @param {HTMLElement} root @param {any} [newest] the snapshot that a bell has told of since the page was made */
  constructor(root, newest = null) {
    const one = (name) => root.querySelector(`[data-${name}]`);
    one("late")?.remove();
    this.api = makeApi(root);
    this.owner = new Owner(root.dataset.user, root.dataset.login, this.api, {
      stopped: () => this.#onStopped(),
      stillSignedIn: () => this.retry(),
    });
    this.toast = new Toast(one("toast"), one("list"));
    this.stops = new Stops(one("form"));
    this.position = new Position(() => ({ rows: this.list.items.length, focus: this.stops.kept }));
    this.filters = new Filters(root, this.position, () => {
      this.selecting.clear();
      this.start({ tell: true });
    });
    this.reports = new Reports(this.api, () => ({ user: root.dataset.user, version: this.#listVersion }));
    const look = this.#look();
    this.list = new List(one("list"), look, this.reports);
    this.screen = new Screen(root, {
      retry: () => this.tryAgain(),
      more: () => this.more(),
      pill: () => this.showNew(),
      readAll: () => this.readAll(),
    });
    this.notice = new KeptNotice("inbox", {
      leave: () => this.list.element.focus(),
      tryAgain: () => this.actions.tryAgain(true),
      button: "rd-button",
    });
    one("banner").after(this.notice.element);
    this.actions = new Actions(this.api, this.toast, this);
    const owns = (page) => this.owner.owns(page);
    this.parts = new Parts(this.api, (work) => this.#guard(work), owns, () => this.filter);
    this.important = new Important(one("important"), this.api, owns, look, () => this.stops.focus());
    this.snooze = new Snooze(one("snooze"), look.language, (item, until) => this.selecting.snooze(item, until) || this.actions.snooze(item, until));
    this.selecting = new Selecting(root, this);
    this.help = new Help(root, this.api, this.toast);
    this.toast.hasCharacters = () => this.help.hasCharacters;
    this.arrivals = new Arrivals(this.list, one("important"), () => this.#listVersion);
    this.#listen();
    tellZone();
    watchDays(() => this.#onNewDay(root));
    if (matchMedia("(any-pointer: coarse)").matches) import("./shared/rows/swipe.js").then(({ bindSwipes }) => bindSwipes(one("list")), () => {});
    this.toast.adopt((token) => this.actions.undo(token));
    const brought = readBrought(this.api, root, this.filter);
    if (brought) this.#takeOver(brought);
    else this.start();
    if (newest) this.#onChange(newest);
  }

  #look() {
    return {
      language: languageOf(document.documentElement.lang), site: this.api.site, surface: "inbox", heading: "h2",
      labelOf: (type) => this.filters.label(type),
      headingOf: (item, before) => (item.created_at ? dayName(new Date(item.created_at)) : before),
    };
  }

  /** What could not be written. */
  get kept() {
    return this.notice.kept;
  }

  get filter() {
    return this.filters.current;
  }

  /** Whether there is more than the rows on screen. */
  get hasMore() {
    return this.#cursor !== null;
  }

  /** That of the list. */
  get version() {
    return this.#listVersion;
  }

  get #version() {
    return this.#snapshot?.version ?? 0;
  }

  // Reading

  /* The rows, counts and important items that the page came with. */
  #takeOver(page) {
    this.list.adopt(page.items);
    this.important.adopt(page.important);
    this.#accept(page, page.items, page.next);
    this.#asked = page.items.length;
    this.#onSnapshot(page.snapshot, { anew: false });
    this.settle();
    const { rows } = this.position.kept;
    if (rows > page.items.length && page.next !== null) this.#goFurther(rows - page.items.length);
    else this.stops.restore(this.position.kept.focus);
  }

  /* The reader has come back to a list that was longer. */
  async #goFurther(rows) {
    const generation = this.#generation;
    this.position.hold();
    await this.#append(rows);
    if (generation !== this.#generation) return;
    this.position.release(true);
    this.stops.restore(this.position.kept.focus);
  }

  /** Read the list anew, as after a change of filter. `tell`: say what was found. */
  async start({ tell = false } = {}) {
    const generation = (this.#generation += 1);
    this.position.hold();
    this.screen.loading(this.list.items.length > 0);
    const done = await this.#guard(async () => {
      const [page, snapshot] = await Promise.all([readDown(this.api, this.filter, this.position.kept.rows), this.api.unread()]);
      if (generation !== this.#generation) return;
      if (![page, snapshot].every((part) => this.owner.owns(part))) return void (this.owner.stopped && this.screen.loaded());
      this.#accept(page, page.items, page.next);
      this.#asked = page.items.length;
      this.#onSnapshot(snapshot, { anew: true });
    });
    if (generation !== this.#generation) return;
    this.position.release(done);
    if (done && tell) this.toast.announce(this.screen.found(this.list.items.length));
    if (done) return;
    this.#cursor = null;
    this.list.show([]); // the items on screen belong to another filter
    this.#draw();
  }

  /** The user asks for it. */
  tryAgain() {
    for (const bell of bells()) bell.reconnect?.();
    this.retry();
  }

  /** After an outage; the items on screen stay. */
  retry() {
    clearTimeout(this.#retryTimer);
    if (this.owner.stopped) location.reload();
    else if (this.list.items.length) this.refresh();
    else this.start();
  }

  /** Append the next page, and focus its first item. */
  async more() {
    const first = await this.#append(0);
    if (first) this.list.focus(first.ref);
    this.position.save();
  }

  /* So many rows, at least one page; returns the first of them. */
  async #append(rows) {
    const [generation, before] = [this.#generation, this.#cursor];
    this.screen.busy(true);
    let first;
    try {
      await this.#guard(async () => {
        const page = await readDown(this.api, this.filter, rows, before);
        if (generation !== this.#generation || !this.owner.owns(page)) return;
        if (before !== this.#cursor) {
          if (this.#cursor !== null) first = await this.#append(rows); // the list was read meanwhile
          return;
        }
        [first] = page.items;
        this.#cursor = page.next;
        this.list.show([...this.list.items, ...page.items.filter((item) => !this.list.find(item.ref))]);
        this.#asked = this.list.items.length;
      });
      return first;
    } finally {
      this.screen.busy(false);
      this.#draw();
    }
  }

  /** Read what changed. New items wait behind the pill while the user is further down or busy with an item. */
  async refresh({ insert = false } = {}) {
    if (this.owner.stopped) return;
    this.#insert ||= insert;
    if (this.#reading || this.actions.writing) return void (this.#refreshAgain = true);
    this.#reading = true;
    this.#refreshAgain = false;
    const [generation, known] = [this.#generation, this.#version];
    try {
      await this.#guard(async () => {
        const page = await readShown(this.api, this.filter, this.list.items, this.#most);
        await glided();
        this.#onRefreshed(generation, known, page);
      });
    } finally {
      this.#reading = false;
      this.settle();
    }
  }

  /* Rows of the list, however many arrive while the page is open. */
  get #most() {
    return Math.max(this.#asked, PAGE_MAX);
  }

  /* `known`: the newest version when the page was requested. */
  #onRefreshed(generation, known, page) {
    if (generation !== this.#generation || !this.owner.owns(page)) return;
    if (this.#isOutdated(known, page)) return void (this.#refreshAgain = true);
    // In the unread view an item that was read here stays until the user leaves, so that nothing moves under the pointer;
    // in the starred view one that has lost its star.
    const keep = (item) => (this.filter.unread && item.read) || (this.filter.starred && !item.starred);
    const join = (most) => merge(this.list.items, this.#cursor, page, keep, most);
    const { items, next, fresh } = join(this.#most);
    const hold = fresh && !this.#insert && this.screen.inUse(this.list);
    this.screen.held(hold ? fresh : 0);
    if (!hold) this.#accept(page, items, next, fresh);
    else if (fresh < items.length) this.list.show(join(Infinity).items.slice(fresh)); // else so much has come that no row is in the page
    this.arrivals.settle(page.version);
    // A bell says what arrives, and with its title.
    if (!fresh || document.querySelector("notification-bell")?.state === "live") return;
    this.toast.announce(interpolate(ngettext("%(n)s new notification", "%(n)s new notifications", fresh), { n: fresh }));
  }

  /* The page was read before the user's last write: an item just archived would come back. A page older than the version known
   * when it was requested is not outdated: the database was restored. */
  #isOutdated(known, page) {
    return this.actions.writing > 0 || (known <= page.version && page.version < this.#writtenVersion);
  }

  #accept(page, items, next, fresh = 0) {
    this.#listVersion = page.version;
    this.#listFilter = this.filter;
    this.#cursor = next;
    this.screen.held(0);
    this.list.show(items, fresh);
    this.screen.loaded();
    this.list.focus(this.#focusNext?.());
    this.#insert = false;
    this.#focusNext = null;
    this.#draw();
    this.parts.refresh();
    this.#see();
  }

  /* The newest items are on screen, unless a filter leaves some out: they are no longer unseen. */
  async #see() {
    const [version, filter] = [this.#listVersion, this.#listFilter];
    if (document.hidden || document.prerendering || this.owner.stopped) return;
    if (filter !== this.filter || filter.q || filter.type || filter.thread || filter.before || !["", "unread", "threads"].includes(filter.view)) return;
    if (!this.#snapshot?.unseen || version <= this.#seen) return;
    this.#seen = version;
    try {
      const snapshot = await this.api.seen(version);
      // A list that was read meanwhile has this write in it, and the next one is another's.
      this.onWritten(this.#listVersion === version ? snapshot : { ...snapshot, changed: false });
    } catch (error) {
      if (!("status" in error)) throw error;
      if (this.#seen === version) this.#seen = -1; // the next snapshot tries again
    }
  }

  /** After a read or a write: what had to wait for it. */
  settle() {
    this.#draw();
    if (this.#refreshAgain && !this.actions.writing && !this.#reading) this.refresh();
    else if (!this.list.items.length && this.#cursor && !this.actions.writing) this.start();
  }

  /** Show everything, then focus an item that came back, unless the reader has gone elsewhere meanwhile. */
  reload(ref) {
    const at = document.activeElement;
    this.#focusNext = () => (document.activeElement === at ? ref : "");
    return this.refresh({ insert: true });
  }

  /** Show the items behind the pill. */
  showNew() {
    scrollTo({ top: 0, behavior: "instant" });
    this.#focusNext = () => this.list.items[0]?.ref;
    return this.refresh({ insert: true });
  }

  // Writing, by actions.js

  /** Show the items of a thread below its headline, or hide them. */
  unfold(item) {
    return this.parts.toggle(this.list.row(item.ref), item);
  }

  /** Ask until when. */
  askSnooze(item) {
    this.snooze.open(item);
  }

  readAll() {
    this.actions.readAll(this.#listVersion, this.filter).then(() => this.refresh());
  }

  /** Whether the user is still signed in, as far as can be known. What was kept may be tried much later. */
  async isOurs() {
    const snapshot = await this.api.unread().catch(() => null);
    return !snapshot || this.owner.owns(snapshot);
  }

  /** A write returned this snapshot. Bells on this page need not wait for the push. */
  onWritten(snapshot) {
    this.#writtenVersion = snapshot.version;
    if (snapshot.changed) this.#raise(snapshot.version);
    this.#onSnapshot(snapshot);
    for (const bell of bells()) bell.offer?.(snapshot);
  }

  /* Nothing but a write of this page has happened since the version before. Had it changed nothing, this version would be
   * somebody else's. */
  #raise(version) {
    if (this.#listVersion === version - 1) this.#listVersion = version;
    const items = [...this.list.items, ...this.actions.hidden];
    for (const item of items) if (item.version === version - 1) item.version = version;
  }

  /** A write failed; the screen was already put back. `undone`: what did not happen; `undo()`: undoes the part that did. */
  onWriteFailed(error, undone, undo) {
    if (error.status === 401) return this.owner.confirmSignedOut();
    if (undo) this.toast.show(error.message, undo);
    else if (mayWorkLater(error)) this.toast.hide(); // it says that it was done
    else this.toast.show(`${undone}. ${error.message}`);
    if (error.status === 0) for (const bell of bells()) bell.reconnect?.(); // its connection may be dead, too
    this.#refreshAgain = true;
  }

  // Events

  /* Only the newest snapshot counts. `anew`: whether the important items may have changed. */
  #onSnapshot(snapshot, { anew = snapshot.version !== this.#version } = {}) {
    if (!this.owner.owns(snapshot) || snapshot.version < this.#version) return;
    this.#snapshot = snapshot;
    this.filters.count(snapshot);
    if (anew) this.important.refresh(this.filter, snapshot.unread);
    this.#draw();
    this.#see();
  }

  /* Its headings and times are others, in the parts of the page beside the list too. */
  #onNewDay(root) {
    tellZone();
    this.list.show(this.list.items);
    refreshTimes(root, languageOf(document.documentElement.lang));
  }

  /* The connection by which changes come is lost, or back. */
  #onOutage(outage) {
    this.#outage = outage;
    if (this.owner.stopped) return;
    if (!outage) {
      this.actions.tryAgain(false); // more than that would surprise who has done it long ago
      return this.retry();
    }
    this.#outages += 1;
    this.screen.offline(outage === "offline" ? gettext("You are offline. This list may be out of date.") : gettext("No connection. This list may be out of date."));
  }

  #onStopped() {
    this.screen.loaded();
    this.screen.offline(gettext("Someone else is signed in now. Reload the page to see their inbox."));
    this.#draw();
  }

  /* Show the error, keep the list, retry. */
  #onReadFailed(error) {
    if (error.status === 401) return this.owner.confirmSignedOut();
    if (error.status && error.status < 500) return this.toast.show(error.message);
    this.screen.offline(error.message);
    this.#failures += 1;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.retry(), backoff(this.#failures, RETRY_MIN, RETRY_MAX) * 1000);
  }

  /* Returns whether `work` was done. Handles an ApiError; rethrows all others. */
  async #guard(work) {
    const outages = this.#outages;
    try {
      await work();
      this.#failures = 0;
      // What was asked before the network went tells nothing about it.
      if (!this.owner.stopped && !this.#outage && outages === this.#outages) this.screen.online();
      return true;
    } catch (error) {
      this.screen.loaded();
      if (!("status" in error)) throw error;
      this.#onReadFailed(error);
      this.#draw();
      return false;
    }
  }

  #draw() {
    const { type } = this.filter;
    const unread = (type ? this.#snapshot?.by_type[type] : this.#snapshot?.unread) ?? 0;
    const [empty, more] = [!this.list.items.length, this.#cursor !== null];
    const [label, stopped] = [this.filters.label(type), this.owner.stopped];
    this.screen.draw({ empty, more, unread, filter: this.filter, label, stopped });
  }

  /* A key: for all that is selected, or else for this row, of the list or a part beside it. Returns whether there was any. */
  #press(name, row) {
    const item = this.list.find(row?.dataset.ref) ?? row?.item;
    if (name === "all") this.selecting.widen();
    else if (name === "select" || name === "range") return this.#select(name, item);
    else if (!this.selecting.isEmpty) this.selecting.toggled(name);
    else if (this.list.find(item?.ref)) this.actions.do(name, item.ref);
    else if (item) this.actions.doPart(name, item);
    else return false;
    return true;
  }

  /* Only rows of the list have a checkbox. */
  #select(name, item) {
    if (!this.list.find(item?.ref)) return item !== undefined;
    if (name === "range") this.selecting.extendTo(item.ref);
    else this.selecting.toggle(item.ref);
    return true;
  }

  /* A bell has told of this snapshot. */
  #onChange(snapshot) {
    this.#onSnapshot(snapshot);
    if (this.owner.owns(snapshot) && snapshot.version > this.#listVersion) this.refresh();
  }

  #listen() {
    document.addEventListener("reddot:change", ({ detail }) => this.#onChange(detail));
    document.addEventListener("reddot:outage", (event) => {
      event.preventDefault(); // it is said here
      this.#onOutage(event.detail.outage);
    });
    for (const bell of bells()) if (bell.outage) this.#onOutage(bell.outage);
    const isTold = () => bells().some((bell) => "outage" in bell);
    addEventListener("online", () => (isTold() ? this.retry() : this.#onOutage("")));
    addEventListener("offline", () => isTold() || this.#onOutage("offline"));
    addEventListener("pageshow", (event) => event.persisted && this.refresh());
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
    document.addEventListener("prerenderingchange", () => this.#see());
    bindClicks([this.list.element, this.important.element], this);
    // Its buttons are the script's now; without scripts they send the form.
    this.list.element.closest("form").addEventListener("submit", (event) => event.preventDefault());
    bindKeys(this.stops, {
      act: (name, row) => this.#press(name, row),
      undo: () => this.toast.undo(),
      help: () => this.help.open(),
      hasCharacters: () => this.help.hasCharacters,
    }, this.filters.form.elements.q);
  }
}

function bells() {
  return [...document.querySelectorAll("notification-bell")];
}
