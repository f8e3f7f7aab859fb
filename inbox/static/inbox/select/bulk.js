/* An act on all that is selected: one act with one undo, in as many requests as it takes. */

import { listed } from "../filters.js";
import { actToken } from "../shared/inbox-api.js";
import { gettext, interpolate } from "../shared/i18n.js";
import { grouped, said } from "../shared/rows/said.js";

const LIMIT = 1000; // items of a request, which is one transaction: all of them are changed, or none
const SAY = 5000; // milliseconds between two sentences about the progress
const REFS = 500; // of a request: some sites have long ones, and a body may have 64 KiB

const CHANGES = {
  read: { read: true },
  unread: { read: false },
  star: { starred: true },
  unstar: { starred: false },
  archive: { archived: true },
  unarchive: { archived: false },
  delete: { deleted: true },
  wake: { snoozed_until: null },
};

export class Bulk {
  /** {done, of, capped}: how many items are changed so far, of how many at most, or more; null: nothing is being done. */
  progress = null;
  #saidAt = 0; // when the progress was said last
  #unfinished = null; // {job, token, done, isLost}: an act that failed midway

  /**
   * @param {import("../shared/inbox-api.js").InboxApi} api @param {import("./selection.js").Selection} selection
   * @param {import("../shared/rows/actions.js").Actions} actions @param {import("../toast.js").Toast} toast
   * `page`: {list, filter, version, onWritten(snapshot), onWriteFailed(error)}; `onProgress()`.
   */
  constructor(api, selection, actions, toast, page, onProgress) {
    Object.assign(this, { api, selection, actions, toast, page, onProgress });
  }

  /** Returns the changes of fields if all of it was done, else null. `until`: of a snooze. @param {string} name @param {Date} [until] */
  async do(name, until) {
    if (this.progress || this.selection.isEmpty) return null;
    const changes = until ? { snoozed_until: until.toISOString() } : CHANGES[name];
    const act = this.#begin(JSON.stringify([this.selection.changes, changes, this.page.filter]));
    const items = this.page.list.items.filter((item) => this.selection.refs.has(item.ref));
    const parts = partsOf(this.selection, items, this.page);
    const of = act.done + parts.reduce((sum, part) => sum + part.items, 0);
    const progress = { done: act.done, of, capped: Boolean(this.selection.every?.capped) };
    this.#saidAt = Date.now();
    this.#show(progress);
    try {
      await this.actions.during(() => this.#write(parts, changes, act, progress));
    } catch (error) {
      if (!("status" in error)) throw error;
      this.#onFailed(name, act, error);
      return null;
    } finally {
      this.#show(null);
    }
    this.#unfinished = null;
    this.toast.show(said(name, act.isLost ? null : act.done), act.done || act.isLost ? this.#undoOf(act, items) : null);
    return changes;
  }

  async #write(parts, changes, act, progress) {
    for (const part of parts) {
      for (let more = true; more; ) {
        const answer = await part.write(this.api, changes, act.token);
        act.done += answer.changed;
        more = answer.more;
        this.page.onWritten(answer);
        this.#show({ ...progress, done: act.done });
        this.#say();
      }
    }
  }

  /* The same act on the same selection goes on under its token, so that one undo is for all of it. */
  #begin(job) {
    if (this.#unfinished?.job !== job) this.#unfinished = { job, token: actToken(), done: 0, isLost: false };
    return this.#unfinished;
  }

  #undoOf({ token }, [first]) {
    return () => this.actions.undo(token, first?.ref);
  }

  /* What is selected stays selected. Where no answer has come, it is unknown what was changed. */
  #onFailed(name, act, error) {
    if (error.status === 401) return this.page.onWriteFailed(error);
    act.isLost ||= !error.status;
    const done = act.done ? `${said(name, act.done)} ` : "";
    const text = `${done}${error.message} ${gettext("Choose it again to go on.")}`;
    this.toast.show(text, act.done || act.isLost ? this.#undoOf(act, []) : null);
  }

  #say() {
    if (Date.now() - this.#saidAt < SAY) return;
    this.#saidAt = Date.now();
    this.toast.announce(inProgress(this.progress));
  }

  #show(progress) {
    this.progress = progress;
    this.onProgress();
  }
}

/** "2,000 of 10,000 …" */
export function inProgress({ done, of, capped }) {
  return interpolate(gettext("%(done)s of %(n)s …"), { done: grouped(done), n: `${grouped(of)}${capped ? "+" : ""}` });
}

/** What is written one after the other: {items: how many at most, write(api, changes, act)}. */
function partsOf({ every }, items, { filter, version }) {
  if (every) return [ofAll(listed(filter), every.version, every.count)];
  const alone = items.filter((item) => !item.thread);
  const chunks = Array.from({ length: Math.ceil(alone.length / REFS) }, (_, at) => alone.slice(at * REFS, (at + 1) * REFS));
  const threads = items.filter((item) => item.thread);
  return [...threads.map((item) => ofThread(item, filter, version)), ...chunks.map(ofItems)];
}

/* What arrives meanwhile stays as it is. */
function ofAll(filter, version, items) {
  return { items, write: (api, changes, act) => api.changeAll(filter, changes, version, act, LIMIT) };
}

function ofThread({ thread, items, version }, { q, type }, listVersion) {
  return ofAll({ q, type, thread }, Math.max(version, listVersion), items);
}

function ofItems(items) {
  const version = Math.min(...items.map((item) => item.version));
  return { items: items.length, write: (api, changes, act) => api.changeMany(items.map((item) => item.newest ?? item.ref), changes, version, act) };
}
