/* What the reader does to an item: shown at once, then written; taken back on screen if the server refuses. */

import { gettext } from "./words.js";

export class Actions {
  writing = 0; // requests under way: what is read meanwhile may already be old
  #last = new Map(); // ref → its last write: an undo must not overtake what it undoes

  /** `page`: {list, answered(snapshot), settle(), failed(error)}. */
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
    } else if (name === "more") this.#unfold(ref);
    else if (name === "read") this.#toggleRead(item);
    else if (name === "archive") this.#toggleArchived(item);
    else this.#remove(item);
  }

  async readAll(upTo, type) {
    await this.#write(() => this.api.readAll(upTo, type), () => {});
  }

  #unfold(ref) {
    const row = this.page.list.row(ref);
    row.querySelector('[data-act="more"]').ariaExpanded = String(row.classList.toggle("rd-acting"));
  }

  #toggleRead(item) {
    this.#change(item, { read: !item.read });
    this.toast.say(item.read ? gettext("Marked as unread.") : gettext("Marked as read."));
  }

  #toggleArchived(item) {
    const archived = !item.archived;
    const undo = { archived: !archived, ...(archived && !item.read && { read: false }) };
    this.#change(item, { archived });
    const text = archived ? gettext("Archived.") : gettext("Moved to the inbox.");
    this.toast.show(text, () => this.#back(item, undo));
  }

  #remove(item) {
    this.#hide(item, () => this.api.remove(item.ref));
    this.toast.show(gettext("Deleted."), () => this.#back(item, { deleted: false }));
  }

  #change(item, changes) {
    const request = () => this.api.change(item.ref, changes);
    if ("archived" in changes) return this.#hide(item, request);
    this.#put({ ...item, ...changes });
    this.#write(this.#inTurn(item.ref, request), () => this.#put(item));
  }

  #put(item) {
    const { list } = this.page;
    list.show(list.items.map((old) => (old.ref === item.ref ? item : old)));
  }

  #hide(item, request) {
    const { list } = this.page;
    const before = list.items;
    list.show(list.without(item.ref));
    this.#write(this.#inTurn(item.ref, request), () => list.show(before));
  }

  /* Undo; then the list is read again, which puts the item where it belongs. */
  async #back(item, changes) {
    await this.#write(this.#inTurn(item.ref, () => this.api.change(item.ref, changes)), () => {});
    await this.page.reload(item.ref);
  }

  /* A write of one item, begun once the item's write before it has been answered. At once if there is none: a link may
   * be taking the page away. */
  #inTurn(ref, request) {
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
      this.page.answered(await request());
    } catch (error) {
      revert();
      this.page.failed(error);
    } finally {
      this.writing -= 1;
      this.page.settle();
    }
  }
}
