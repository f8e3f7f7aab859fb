/* What the user does to items. Each action is shown at once, then written, and taken back on screen if the write fails. */

import { actToken } from "../api.js";
import { gettext } from "../i18n.js";
import { toggleText } from "./fold.js";
import { said, saidUndone } from "./said.js";

export class Actions {
  writing = 0; // writes in progress: a list read meanwhile may be outdated
  hidden = new Set(); // items that these have taken off the list
  #last = new Map(); // ref → its last write, for the order of writes
  #unfinished = new Map(); // filter → the token of its mark-all, which may have failed midway

  /**
   * `page`: {list, filter, version, onWritten(snapshot), onWriteFailed(error, again), refresh(), reload(ref), settle(), unfold(item),
   * askSnooze(item)}.
   */
  constructor(api, toast, page) {
    Object.assign(this, { api, toast, page });
  }

  /** `name`: open, fold, more, star, snooze, wake, read, archive or delete. Returns what opening has to wait for, if anything. */
  do(name, ref) {
    const item = this.page.list.find(ref);
    if (!item) return;
    if (name === "open" && item.thread) this.page.unfold(item);
    else if (name === "open") return this.#open(item);
    else if (name === "fold") toggleText(this.page.list.row(ref));
    else if (name === "more") this.#toggleActions(ref);
    else this.doPart(name, item);
  }

  /** `name`: star, snooze, wake, read, archive or delete. The item need not be a row of the list. */
  doPart(name, item) {
    if (name === "star") this.#toggleStarred(item);
    else if (name === "snooze") this.page.askSnooze(item);
    else if (name === "wake") this.#wake(item);
    else if (name === "read") this.#toggleRead(item);
    else if (name === "archive") this.#toggleArchived(item);
    else this.#remove(item);
  }

  #open(item) {
    if (!item.href) toggleText(this.page.list.row(item.ref));
    return item.read ? null : this.#change(item, { read: true });
  }

  /** Hide the item until this moment. @param {Date} until */
  snooze(item, until) {
    this.#say("snooze", item, this.#change(item, { snoozed_until: until.toISOString() }));
  }

  /** Read an item that is no row of the list: one of an unfolded thread, or of the important ones. */
  readPart(item) {
    return item.read ? null : this.#readPart(item);
  }

  async #readPart(item) {
    await this.#write(() => this.api.read([item.ref], item.version), () => {});
    await this.page.refresh();
  }

  /** The link of the button is followed meanwhile. */
  press(item, button) {
    const request = () => this.api.press(refOf(item), button, this.page.list.look.surface, this.#versionOf(item));
    this.#show({ ...item, read: true, pressed: button });
    const written = this.#write(this.#inOrder(item.ref, request), () => this.#show(item));
    if (!item.read) this.#say("read", item, written);
    return written;
  }

  /** `filter`: {q, type, thread} of the list. */
  async readAll(upTo, { q, type, thread }) {
    const found = { q, unread: true, ...(type && { type }), ...(thread && { thread }) };
    const key = JSON.stringify(found);
    const act = this.#unfinished.get(key) ?? actToken();
    this.#unfinished.set(key, act);
    const request = () => (q || thread ? this.api.changeAll(found, { read: true }, upTo, act) : this.api.readUpTo(upTo, type, act));
    const written = await this.#write(request, () => {});
    if (!written) return;
    this.#unfinished.delete(key);
    const text = written.changed || written.undo ? said("read", written.changed || null) : gettext("Marked all as read.");
    this.toast.show(text, written.undo ? () => this.undo(written.undo) : null);
  }

  /** Several requests of one act: a list that is read meanwhile may be outdated. @param {() => Promise<void>} work */
  async during(work) {
    this.writing += 1;
    try {
      await work();
    } finally {
      this.writing -= 1;
      this.page.settle();
    }
  }

  /** This was done to these rows: show it, before the list is read again. @param {object[]} items */
  applied(items, changes) {
    const [refs, { list, filter }] = [new Set(items.map((item) => item.ref)), this.page];
    const rest = changes.deleted || leaves(changes, filter) ? () => [] : (item) => changed(item, changes);
    list.show(list.items.flatMap((item) => (refs.has(item.ref) ? rest(item) : item)));
  }

  /** By its token. @param {string} token @param {string} [ref] of an item that comes back */
  async undo(token, ref = "") {
    const again = () => this.undo(token, ref);
    const undone = await this.#write(() => this.api.undo(token), () => {}, again);
    if (undone) this.toast.show(saidUndone(undone));
    await this.page.reload(ref);
  }

  #toggleActions(ref) {
    const row = this.page.list.row(ref);
    row.querySelector('[data-act="more"]').ariaExpanded = String(row.classList.toggle("rd-acting"));
  }

  #toggleStarred(item) {
    this.#say(item.starred ? "unstar" : "star", item, this.#change(item, { starred: !item.starred }));
  }

  #wake(item) {
    this.#say("wake", item, this.#change(item, { snoozed_until: null }));
  }

  #toggleRead(item) {
    this.#say(item.read ? "unread" : "read", item, this.#change(item, { read: !item.read }));
  }

  #toggleArchived(item) {
    this.#say(item.archived ? "unarchive" : "archive", item, this.#change(item, { archived: !item.archived }));
  }

  #remove(item) {
    const request = () => this.#request(item, { deleted: true }, () => this.api.remove(refOf(item), this.#versionOf(item)));
    const written = this.page.list.find(item.ref) ? this.#hide(item, request) : this.#writePart(item, request);
    this.#say("delete", item, written);
  }

  /* Of a thread, how many items it was done to, which the answer says. */
  async #say(name, item, written) {
    const undo = () => this.#undo(written, item.ref);
    if (!item.thread) return this.toast.show(said(name), undo);
    const answer = await written;
    if (answer) this.toast.show(said(name, answer.changed), undo);
  }

  #change(item, changes) {
    const request = () => this.#request(item, changes, () => this.api.change(refOf(item), changes, this.#versionOf(item)));
    if (!this.page.list.find(item.ref)) return this.#writePart(item, request);
    if (leaves(changes, this.page.filter)) return this.#hide(item, request);
    this.#show(changed(item, changes));
    return this.#write(this.#inOrder(item.ref, request), () => this.#show(item));
  }

  /* What is on screen beside the list is read again. */
  #writePart(item, request) {
    const written = this.#write(this.#inOrder(item.ref, request), () => {});
    written.then(() => this.page.refresh());
    return written;
  }

  /* What is done to a thread is done to all of it that its headline counted, under the filter of the list; what comes meanwhile
   * stays as it is. */
  async #request(item, changes, one) {
    if (!item.thread) return one();
    const version = Math.max(item.version, this.page.version);
    const { q, type, unread } = this.page.filter;
    const isListed = unread && changes.read !== false; // what is to be unread is not among the unread
    const chosen = { thread: item.thread, ...(q && { q }), ...(type && { type }), ...(isListed && { unread }) };
    const answer = await this.api.changeAll(chosen, changes, version);
    this.page.refresh(); // when this write is done: the counts of the thread have changed
    return answer;
  }

  /* That of its row when the request is sent: an earlier write may have raised it. */
  #versionOf({ ref, version }) {
    return this.page.list.find(ref)?.version ?? version;
  }

  #show(item) {
    const { list } = this.page;
    list.show(list.items.map((old) => (old.ref === item.ref ? item : old)));
  }

  #hide(item, request) {
    const { list } = this.page;
    const before = list.items;
    list.show(list.without(item.ref));
    this.hidden.add(item);
    const written = this.#write(this.#inOrder(item.ref, request), () => list.show(before));
    return written.finally(() => this.hidden.delete(item));
  }

  /* `written`: the promise of the write's answer. The list is read again, which puts the items back in their places. */
  async #undo(written, ref = "") {
    const token = (await written)?.undo;
    await (token ? this.undo(token, ref) : this.page.reload(ref));
  }

  /* A request that waits for the item's earlier write, so that an undo never overtakes what it undoes. Without an earlier write
   * it is sent at once: a link may be leaving the page. */
  #inOrder(ref, request) {
    return () => {
      const before = this.#last.get(ref);
      const answer = before ? before.then(request) : request();
      const ended = answer.catch(() => {}).then(() => this.#last.get(ref) === ended && this.#last.delete(ref));
      this.#last.set(ref, ended);
      return answer;
    };
  }

  /* Returns the answer; nothing if the write failed. `again`: what a failed undo offers. */
  async #write(request, revert, again) {
    this.writing += 1;
    try {
      const answer = await request();
      this.page.onWritten(answer);
      return answer;
    } catch (error) {
      revert();
      this.page.onWriteFailed(error, again);
    } finally {
      this.writing -= 1;
      this.page.settle();
    }
  }
}

/* Of the item itself: the ref of a row in the list of threads is that of the thread. */
function refOf(item) {
  return item.newest ?? item.ref;
}

/* Whether an item that is changed so is no longer listed. */
function leaves(changes, filter) {
  if (filter.snoozed) return !("starred" in changes) && !changes.snoozed_until;
  return ("archived" in changes && !filter.starred) || Boolean(changes.snoozed_until);
}

function changed(item, changes) {
  const next = { ...item, ...changes };
  if (changes.archived) next.read = true;
  if (item.thread && next.read !== item.read) next.unread = next.read ? 0 : item.items;
  return next;
}
