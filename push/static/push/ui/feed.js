/**
 * What the panel lists, and what is done to it. Rows, acts and clicks are those of the inbox page (inbox/shared/rows/). The
 * frame around the list is in panel.js.
 * @import {Item, Snapshot, State} from "../client/types.js" @import {Panel} from "./panel.js"
 */
import { h } from "../../inbox/shared/dom.js";
import { glided } from "../../inbox/shared/glide.js";
import { gettext } from "../../inbox/shared/i18n.js";
import { mayWorkLater } from "../../inbox/shared/kept.js";
import { Actions } from "../../inbox/shared/rows/actions.js";
import { bindClicks } from "../../inbox/shared/rows/clicks.js";
import { List } from "../../inbox/shared/rows/list.js";
import { merge } from "../../inbox/shared/rows/merge.js";
import { Parts } from "../../inbox/shared/rows/parts.js";
import { readPage } from "../../inbox/shared/rows/reading.js";
import { Snooze, buildDialog } from "../../inbox/shared/rows/snooze.js";
import { sameUser } from "../../inbox/shared/snapshot.js";
import { refreshTimes } from "../../inbox/shared/times.js";
import { bindLongPress } from "./long-press.js";

const SHOWN = 15; // threads; the inbox page has the rest
const IMPORTANT = 3; // unread items at most, above the others
const MOST = 2 * SHOWN; // with what stays though it was read, however long the panel is open

export class Feed {
  /** The version read before the items on screen: what "mark all" covers. @type {number|null} */ version = null;
  filter = { q: "", type: "", threads: true, unread: false };
  failed = false; // the last request
  /** @type {Snapshot|null} */ #snapshot = null;
  /** The reading that is under way: what another was asked for is dropped. @type {object|null} */ #run = null;
  #stale = false; // the state has changed since the list was requested
  #refused = false; // with 401, since the panel was opened
  #seen = -1; // the version up to which the user has seen the items, as this panel has reported
  #written = 0; // the version after the user's last write
  #generation = {}; // of the user: what an earlier one has asked for is dropped
  /** The density of the list, asked for once. @type {Promise<void>|null} */ #density = null;
  #returning = ""; // the ref of an item that gets the focus when it is back

  /**
   * @param {any} bell what panel.js has of it
   * @param {Panel} panel
   */
  constructor(bell, panel) {
    this.bell = bell;
    this.panel = panel;
    this.snooze = new Snooze(buildDialog(), bell.language, (item, until) => this.actions.snooze(item, until));
    this.#begin();
    document.addEventListener("visibilitychange", () => this.see());
  }

  /** Nothing of another user's is left in it. */
  #begin() {
    const feed = this;
    const { api, language, site, reports } = this.bell;
    const generation = (this.#generation = {});
    const mine = (call) => (...values) => generation === this.#generation ? call(...values) : undefined;
    const look = { language, site, surface: "bell", heading: "h3", labelOf: () => null, headingOf };
    const list = this.list = new List(h("ul", { class: "rd-list", role: "list", tabindex: "-1" }), look, reports);
    this.parts = new Parts(api, mine((work) => this.#guard(work)), (page) => generation === this.#generation && this.#owns(page), () => ({ q: "", type: "" }));
    this.actions = new Actions(api, { show: mine((text, undo) => this.panel.say(text, undo)) }, {
      list,
      get filter() { return feed.filter; },
      get version() { return feed.version; },
      kept: this.panel.kept.kept,
      onWritten: mine((snapshot) => this.#onWritten(snapshot)),
      onWriteFailed: mine((error, undone, undo) => this.#onWriteFailed(error, undone, undo)),
      isOurs: mine(() => this.#isOurs()),
      refresh: mine(() => this.load()),
      reload: mine((ref) => this.#reload(ref)),
      settle: mine(() => this.#settle()),
      unfold: (item) => this.parts.toggle(list.row(item.ref), item),
      askSnooze: (item) => this.snooze.open(item),
    });
    bindClicks([list.element], this);
    bindLongPress(list.element, (row) => this.actions.do("more", row.dataset.ref));
  }

  /** For another user, or nobody. */
  clear() {
    this.version = this.#snapshot = this.#run = null;
    this.#seen = -1;
    this.#written = 0;
    this.#density = null;
    this.snooze.element.close();
    this.#begin();
  }

  /** All, or what is unread. @param {boolean} unread */
  choose(unread) {
    this.filter = { ...this.filter, unread };
    this.version = this.#run = null;
    this.list.show([]);
    this.load();
  }

  /** @param {Snapshot} snapshot */
  onSnapshot(snapshot) {
    this.#snapshot = snapshot;
    if (this.panel.opened && !this.isCurrent) this.load();
    this.see();
  }

  get isCurrent() {
    return this.panel.state === "live" && !this.failed && this.version !== null && this.version >= (this.#snapshot?.version ?? 0);
  }

  /** The day may be another one. */
  refreshDays() {
    refreshTimes(this.list.element, this.bell.language);
  }

  /** The panel was opened. */
  open() {
    if (this.filter.unread) this.list.show(this.list.items.filter((item) => !item.read));
    if (!this.isCurrent) this.load();
    this.see();
  }

  /** The panel was closed. */
  close() {
    this.#refused = false;
  }

  // Reading

  /** Read the list. If the state changes meanwhile, read it once more. */
  async load() {
    this.#stale = true;
    if (this.#run || this.actions.writing) return; // `#settle` comes
    const run = (this.#run = {});
    while (run === this.#run && this.#stale && this.panel.opened && !this.actions.writing) await this.#fetch(run);
    if (run !== this.#run) return;
    this.#run = null;
    this.panel.render();
  }

  /** @param {object} run */
  async #fetch(run) {
    this.#stale = false;
    const known = this.#snapshot?.version ?? 0;
    try {
      const important = this.#snapshot?.unread ? readPage(this.bell.api, { important: true, unread: true }, "", IMPORTANT) : null;
      const [page, first] = await Promise.all([readPage(this.bell.api, this.filter, "", SHOWN), important, this.#chooseDensity()]);
      await glided();
      if (run !== this.#run) return;
      if (!this.#owns(page) || (first && !this.#owns(first))) return this.#recheckUser();
      this.failed = this.#refused = false;
      if (this.#isOutdated(known, page)) this.#stale = true;
      else this.#take(page, first?.items ?? []);
    } catch (error) {
      if (run === this.#run) this.#fail(error);
    }
  }

  /** Before the first rows are shown, so that they do not move. The list is not worth failing for it. */
  #chooseDensity() {
    const { element } = this.list;
    this.#density ??= this.bell.api.preferences().then(({ density }) => void (element.dataset.density = density), () => {
      this.#density = null;
    });
    return this.#density;
  }

  /** It was read before the user's last write: an item just archived would come back. @param {number} known when it was asked for */
  #isOutdated(known, { version }) {
    return this.actions.writing > 0 || (known <= version && version < this.#written);
  }

  /** @param {{version: number, items: any[]}} page @param {any[]} important may be older or newer than the page */
  #take({ version, items }, important) {
    const alone = new Map(items.filter((item) => !item.thread).map((item) => [item.newest, item]));
    const first = important.filter((item) => item.important && !item.read && !alone.get(item.ref)?.read)
      .map((item) => ({ ...item, newest: item.ref, ref: alone.get(item.ref)?.ref ?? item.ref, isAbove: true }));
    const above = new Set(first.map((item) => item.ref));
    // What was read here stays among the unread until the panel is opened again, so that nothing moves under the pointer.
    const keep = (/** @type {any} */ item) => this.filter.unread && item.read;
    const others = this.list.items.filter((item) => !item.isAbove);
    const rest = merge(others, null, { items: items.filter((item) => !above.has(item.ref)), next: null }, keep, MOST).items;
    this.version = version;
    this.list.show([...first, ...rest]);
    this.panel.render();
    if (this.panel.opened) this.bell.onShown(this.list.items);
    if (this.#returning) this.list.focus(this.#returning);
    this.#returning = "";
    this.parts.refresh();
    this.see();
  }

  #owns(page) {
    return !this.#snapshot || sameUser(this.#snapshot, page);
  }

  /** Whether the user is still signed in, as far as can be known. What was kept may be tried much later. */
  async #isOurs() {
    const generation = this.#generation;
    const snapshot = await this.bell.api.unread().catch(() => null);
    if (snapshot && !this.#owns(snapshot)) this.bell.recheckUser();
    return generation === this.#generation && (!snapshot || this.#owns(snapshot));
  }

  /** What reading the items of a thread throws. @param {() => Promise<void>} work */
  async #guard(work) {
    try {
      await work();
    } catch (error) {
      this.#fail(error);
      this.panel.render();
    }
  }

  #fail(error) {
    if (error.status === 401) this.#recheckUser();
    else if ("status" in error) this.failed = true;
    else throw error;
  }

  /** A 401 may be about an old cookie, and a page may be another user's: the client finds out who is signed in. */
  #recheckUser() {
    this.failed = true;
    if (this.#refused) return;
    this.#refused = true;
    this.bell.recheckUser();
  }

  /** The list is on screen: its items are no longer unseen. If that can't be written, the next snapshot tries again. */
  async see() {
    const { version } = this;
    const isUseless = version === null || version <= this.#seen || !this.#snapshot?.unseen;
    if (!this.panel.opened || document.hidden || this.filter.unread || isUseless) return;
    this.#seen = version;
    const generation = this.#generation;
    try {
      const snapshot = await this.bell.api.seen(version);
      if (generation !== this.#generation) return;
      if (this.version === version) this.#raise(snapshot); // else what was read meanwhile has this write in it, and the next one is another's
      this.bell.offer(snapshot);
    } catch {
      if (this.#seen === version) this.#seen = -1;
    }
  }

  // Writing

  #onWritten(snapshot) {
    this.#written = snapshot.version;
    this.#stale = true; // what is important may have changed its place, or others have moved up
    this.#raise(snapshot);
    this.panel.solve();
    this.bell.offer(snapshot);
  }

  /**
   * Nothing but this write has happened since the version before; had it changed nothing, this version would be somebody
   * else's. @param {{version: number, changed?: number}} snapshot
   */
  #raise({ version, changed }) {
    if (!changed) return;
    if (this.version === version - 1) this.version = version;
    for (const item of [...this.list.items, ...this.actions.hidden]) if (item.version === version - 1) item.version = version;
  }

  /** @param {any} error @param {string} undone what did not happen @param {(() => void)|null} undo undoes the part of it that did */
  #onWriteFailed(error, undone, undo) {
    if (error.status === 401) this.bell.recheckUser();
    if (error.status === 0) this.bell.retry(); // the connection may be dead, too
    if (undo) this.panel.complain(error.message, undo);
    else if (mayWorkLater(error)) this.panel.say(""); // it says that it was done
    else this.panel.complain(`${undone}. ${error.message}`, null);
    if ([404, 409].includes(error.status)) this.#stale = true; // gone, or shown again since: the list is read again
  }

  /** The items come back to their places; one of them gets the focus. @param {string} ref */
  #reload(ref) {
    this.#returning = ref;
    return this.load();
  }

  #settle() {
    if (this.#stale) this.load();
    this.panel.render();
  }
}

/** Only if there is something important, the others have a heading too. @param {{isAbove?: boolean}} item @param {string} before */
function headingOf(item, before) {
  if (item.isAbove) return gettext("Important");
  return before ? gettext("Others") : "";
}
