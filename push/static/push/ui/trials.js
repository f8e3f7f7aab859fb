/** What the user, its author, tries out before it is published (inbox/static/inbox/shared/trial.js). */
import { tellTrial } from "../../inbox/shared/trial.js";

export class Trials {
  /** No item or one, as the API sends it. @type {any[]} */ items = [];
  #seq = 0; // of the newest: each is shown once
  #end = 0; // timer

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /** @param {any} trial null: nothing any more. @returns {boolean} whether it is a new one */
  take(trial) {
    if (trial?.seq === this.#seq || (!trial && !this.#seq)) return false;
    this.#seq = trial?.seq ?? 0;
    clearTimeout(this.#end);
    if (trial) this.#end = setTimeout(() => this.take(null), trial.seconds * 1000);
    tellTrial(trial);
    this.#show(trial ? [trial] : []);
    return trial !== null;
  }

  /** Its author has closed or confirmed it, on this page. @param {"banner"|"dialog"} kind */
  drop(kind) {
    this.#show(this.items.map((item) => ({ ...item, kinds: item.kinds.filter((each) => each !== kind) })));
  }

  #show(items) {
    this.items = items;
    this.changed();
  }
}
