/* What the user does to items. Each action is shown at once, then written, and taken back on screen if the write fails. */

import { gettext } from "./shared/i18n.js";

export class Actions {
  writing = 0; // writes in progress: a list read meanwhile may be outdated
  #last = new Map(); // ref → its last write, for the order of writes

  /** `page`: {list, onWritten(snapshot), onWriteFailed(error), reload(ref), settle()}. */
  constructor(api, toast, page) {
    Object.assign(this, { api, toast, page });
  }

  /** `name`: open, more, read, archive or delete. */
  do(name, ref) {
    const item = this.page.list.find(ref);
    if (!item) return;
    if (name === "open") {
      this.page.list.row(ref).classList.toggle("rd-open");
      if (!item.read) this.#change(item, { read: true });
    } else if (name === "more") this.#toggleActions(ref);
    else if (name === "read") this.#toggleRead(item);
    else if (name === "archive") this.#toggleArchived(item);
    else this.#remove(item);
  }

  async readAll(upTo, type) {
    await this.#write(() => this.api.readUpTo(upTo, type), () => {});
  }

  #toggleActions(ref) {
    const row = this.page.list.row(ref);
    row.querySelector('[data-act="more"]').ariaExpanded = String(row.classList.toggle("rd-acting"));
  }

  #toggleRead(item) {
    this.#change(item, { read: !item.read });
    this.toast.announce(item.read ? gettext("Marked as unread.") : gettext("Marked as read."));
  }

  #toggleArchived(item) {
    const archived = !item.archived;
    const undo = { archived: !archived, ...(archived && !item.read && { read: false }) };
    this.#change(item, { archived });
    const text = archived ? gettext("Archived.") : gettext("Moved to the inbox.");
    this.toast.show(text, () => this.#undo(item, undo));
  }

  #remove(item) {
    this.#hide(item, () => this.api.remove(item.ref, item.version));
    this.toast.show(gettext("Deleted."), () => this.#undo(item, { deleted: false }));
  }

  #change(item, changes) {
    const request = () => this.api.change(item.ref, changes, item.version);
    if ("archived" in changes) return this.#hide(item, request);
    this.#show({ ...item, ...changes });
    this.#write(this.#inOrder(item.ref, request), () => this.#show(item));
  }

  #show(item) {
    const { list } = this.page;
    list.show(list.items.map((old) => (old.ref === item.ref ? item : old)));
  }

  #hide(item, request) {
    const { list } = this.page;
    const before = list.items;
    list.show(list.without(item.ref));
    this.#write(this.#inOrder(item.ref, request), () => list.show(before));
  }

  /* The list is read again, which puts the item back in its place. */
  async #undo(item, changes) {
    await this.#write(this.#inOrder(item.ref, () => this.api.change(item.ref, changes, item.version)), () => {});
    await this.page.reload(item.ref);
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

  async #write(request, revert) {
    this.writing += 1;
    try {
      this.page.onWritten(await request());
    } catch (error) {
      revert();
      this.page.onWriteFailed(error);
    } finally {
      this.writing -= 1;
      this.page.settle();
    }
  }
}
