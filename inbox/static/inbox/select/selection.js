/* Which rows of the list are selected. Pure: without DOM or network. `order`: the refs on screen, from the top. */

export class Selection {
  refs = new Set();
  /** {version, count, capped}: all that the filter of the list chose at `version` is selected, on screen or not. */
  every = null;
  /** Counts what the user has changed: an act that goes on is on the same selection, whatever rows are gone meanwhile. */
  changes = 0;
  #anchor = ""; // the row from which a range extends

  get isEmpty() {
    return !this.refs.size && !this.every;
  }

  /** Select a row, or not any more. */
  toggle(ref, on = !this.refs.has(ref)) {
    this.#set([ref], on);
    this.#anchor = ref;
  }

  /** The same for all from the row that was toggled last to this one. */
  extend(ref, order, on = true) {
    const [from, to] = [order.indexOf(this.#anchor), order.indexOf(ref)];
    this.#set(from < 0 ? [ref] : order.slice(Math.min(from, to), Math.max(from, to) + 1), on);
    this.#anchor = ref;
  }

  /** All that is on screen. */
  all(order) {
    this.#set(order, true);
  }

  /** All that the filter chooses, as the server has counted it. */
  matching(order, every) {
    this.#set(order, true);
    this.every = every;
  }

  clear() {
    this.refs.clear();
    this.every = null;
    this.#anchor = "";
    this.changes += 1;
  }

  hasAll(order) {
    return order.length > 0 && order.every((ref) => this.refs.has(ref));
  }

  /**
   * The list was read: what is gone is not selected any more. Of all that match, what comes in below a selected row is part; what
   * comes in above them has arrived since.
   */
  keep(order) {
    const left = order.filter((ref) => this.refs.has(ref));
    const first = left.length ? order.indexOf(left[0]) : 0;
    this.refs = new Set(this.every ? order.slice(first) : left);
  }

  #set(refs, on) {
    for (const ref of refs) {
      if (on) this.refs.add(ref);
      else this.refs.delete(ref);
    }
    if (!on) this.every = null;
    this.changes += 1;
  }
}
