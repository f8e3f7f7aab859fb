/* What the user does to items. Each action is shown at once, then written, and taken back on screen if the write fails; then it is
 * kept, to be tried again. */

import { actToken } from "../inbox-api.js";
import { gettext, interpolate, ngettext } from "../i18n.js";
import { changed, leaves, takenBack } from "./effects.js";
import { toggleText } from "./fold.js";
import { putBack } from "./merge.js";
import { grouped, said, saidUndone } from "./said.js";
import { actOfUndoing, actOn, actOnAll } from "./unwritten.js";

export class Actions {
  writing = 0; // writes in progress: a list read meanwhile may be outdated
  hidden = new Set(); // items that these have taken off the list
  #order = []; // refs of the list, with those that were taken off it since there were none of them
  #acts = new WeakMap(); // promise of an answer → the act
  #last = new Map(); // ref → its last write, for the order of writes
  #unfinished = new Map(); // filter → the token of its mark-all, which may have failed midway

  /**
   * `page`: {list, filter, version, kept, onWritten(snapshot), onWriteFailed(error, undone, undo), isOurs(), refresh(), reload(ref),
   * settle(), unfold(item), askSnooze(item)}; `undone` is what did not happen, `undo()` undoes the part of it that did.
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
    const act = actToken();
    await this.#write({ ...actOn(item, { read: true }), send: () => this.api.read([item.ref], item.version, act) }, () => {});
    await this.page.refresh();
  }

  /** The link of the button is followed meanwhile. */
  press(item, button) {
    const { surface } = this.page.list.look;
    const act = this.#act(item, { read: true }, (version, token) => this.api.press(refOf(item), button, surface, version, token));
    const pressed = { ...item, read: true, pressed: button };
    this.#show(pressed);
    const written = this.#write(act, () => this.#takeBack(item, pressed));
    if (!item.read) this.#say("read", item, written);
    return written;
  }

  /** `filter`: {q, type, thread} of the list. */
  async readAll(upTo, { q, type, thread }) {
    const found = { q, unread: true, ...(type && { type }), ...(thread && { thread }) };
    const key = JSON.stringify(found);
    const act = this.#unfinished.get(key) ?? actToken();
    this.#unfinished.set(key, act);
    const send = async () => {
      const answer = await (q || thread ? this.api.changeAll(found, { read: true }, upTo, act) : this.api.readUpTo(upTo, type, act));
      this.#unfinished.delete(key);
      return answer;
    };
    const written = await this.#write({ ...actOnAll(key), send }, () => {});
    if (!written) return;
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
    const act = actToken(); // sent again with it, it goes on
    const undone = await this.#write({ ...actOfUndoing(token, ref), send: () => this.api.undo(token, act) }, () => {});
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
    const act = this.#act(item, { deleted: true }, (version, token) => this.api.remove(refOf(item), version, token));
    const written = this.page.list.find(item.ref) ? this.#hide(item, act) : this.#writePart(act);
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
    const act = this.#act(item, changes, (version, token) => this.api.change(refOf(item), changes, version, token));
    if (!this.page.list.find(item.ref)) return this.#writePart(act);
    if (leaves(changes, this.page.filter)) return this.#hide(item, act);
    const next = changed(item, changes);
    this.#show(next);
    return this.#write(act, () => this.#takeBack(item, next));
  }

  /* What is on screen beside the list is read again. */
  #writePart(act) {
    const written = this.#write(act, () => {});
    written.then(() => this.page.refresh());
    return written;
  }

  /* The same request each time it is sent: of the same version, and with the same token, so that it happens once. What is done to a
   * thread is done to all of it that its headline counted, under the filter of the list; what comes meanwhile stays as it is.
   * `one(version, token)`: the request for a single item. */
  #act(item, changes, one) {
    const token = actToken();
    const { q, type, unread } = this.page.filter;
    const isListed = unread && changes.read !== false; // what is to be unread is not among the unread
    const chosen = { thread: item.thread, ...(q && { q }), ...(type && { type }), ...(isListed && { unread }) };
    let version;
    const request = async () => {
      version ??= item.thread ? Math.max(item.version, this.page.version) : this.#versionOf(item);
      if (!item.thread) return one(version, token);
      const answer = await this.api.changeAll(chosen, changes, version, token);
      this.page.refresh(); // when this write is done: the counts of the thread have changed
      return answer;
    };
    return { ...actOn(item, changes), send: request, inTurn: (run) => this.#inOrder(item.ref, run) };
  }

  /* That of its row when the request is sent: an earlier write may have raised it. */
  #versionOf({ ref, version }) {
    return this.page.list.find(ref)?.version ?? version;
  }

  #show(item) {
    const { list } = this.page;
    list.show(list.items.map((old) => (old.ref === item.ref ? item : old)));
  }

  #takeBack(item, next) {
    const now = this.page.list.find(item.ref);
    if (now) this.#show(takenBack(now, item, next));
  }

  #hide(item, act) {
    const { list, filter } = this.page;
    if (!this.hidden.size || !this.#order.includes(item.ref)) this.#order = list.items.map(({ ref }) => ref);
    const order = this.#order;
    list.show(list.without(item.ref));
    this.hidden.add(item);
    const written = this.#write(act, () => {
      if (filter === this.page.filter && !list.find(item.ref)) list.show(putBack(list.items, item, order));
    });
    written.finally(() => this.hidden.delete(item));
    return written;
  }

  /* `written`: the promise of the write's answer. The list is read again, which puts the items back in their places. */
  async #undo(written, ref = "") {
    const token = (await written)?.undo;
    if (!token) this.page.kept.forget(this.#acts.get(written));
    await (token ? this.undo(token, ref) : this.page.reload(ref));
  }

  /* A request that waits for the item's earlier write, so that an undo never overtakes what it undoes. Without an earlier write
   * it is sent at once: a link may be leaving the page. */
  #inOrder(ref, request) {
    const before = this.#last.get(ref);
    const answer = before ? before.then(request) : request();
    const ended = answer.catch(() => {}).then(() => this.#last.get(ref) === ended && this.#last.delete(ref));
    this.#last.set(ref, ended);
    return answer;
  }

  /** Try again what was kept. @param {boolean} all or what only marks */
  async tryAgain(all) {
    if (!this.page.kept.canTry || !(await this.page.isOurs())) return;
    this.writing += 1;
    const { written, refused } = await this.page.kept.tryAgain(all).finally(() => (this.writing -= 1));
    for (const { answer } of written) this.page.onWritten(answer);
    for (const { act, error } of refused) this.#onFailed(act, error);
    if (written.length) this.#sayWritten(written);
    if (written.length) await this.page.reload(written[0].act.ref);
    this.page.settle();
  }

  #sayWritten(written) {
    const [{ act, answer }] = written;
    if (written.length === 1) return this.toast.show(act.said, answer.undo && (() => this.undo(answer.undo, act.ref)));
    const text = ngettext("%(n)s change was saved.", "%(n)s changes were saved.", written.length);
    this.toast.show(interpolate(text, { n: grouped(written.length) }));
  }

  /* Of an undo that failed midway the rest is undone by trying it again. */
  #onFailed(act, error) {
    this.page.onWriteFailed(error, act.undone, error.undo && !act.isUndo ? () => this.undo(error.undo) : null);
  }

  /* Returns the answer; nothing if the write failed. */
  #write(act, revert) {
    const written = this.#send(act, revert);
    this.#acts.set(written, act);
    return written;
  }

  async #send(act, revert) {
    this.writing += 1;
    try {
      const answer = await this.page.kept.write(act);
      this.page.onWritten(answer);
      return answer;
    } catch (error) {
      revert();
      this.#onFailed(act, error);
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
