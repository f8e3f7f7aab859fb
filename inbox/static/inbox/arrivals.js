/** What arrives while the page is open. A bell would show a toast of it; it asks first whether the row is on screen already. */

/** Dispatched on the document. detail: {item, version, waitFor(promise of whether it is on screen)}. */
const ARRIVED = "reddot:arrived";

export class Arrivals {
  #waiting = []; // {ref, version, tell}: until the list is read at this version

  /** `version()`: that of the list. @param {import("./shared/rows/list.js").List} list @param {HTMLElement} important the items above it */
  constructor(list, important, version) {
    Object.assign(this, { list, important });
    document.addEventListener(ARRIVED, ({ detail }) => {
      detail.waitFor(new Promise((tell) => this.#waiting.push({ ref: detail.item.ref, version: detail.version, tell })));
      this.settle(version());
    });
  }

  /** The list was read. */
  settle(version) {
    const isDue = (each) => each.version <= version;
    for (const { ref, tell } of this.#waiting.filter(isDue)) tell(this.#isOnScreen(ref));
    this.#waiting = this.#waiting.filter((each) => !isDue(each));
  }

  /* As an item, or as the newest of a thread. */
  #isOnScreen(ref) {
    const item = this.list.items.find((each) => each.ref === ref || each.newest === ref);
    const parts = [...this.important.querySelectorAll(".rd-part")].filter((part) => part.item?.ref === ref);
    return [...(item ? [this.list.row(item.ref)] : []), ...parts].some(isInWindow);
  }
}

function isInWindow(element) {
  const { top, bottom, height } = element.getBoundingClientRect();
  const middle = (top + bottom) / 2;
  return height > 0 && middle >= 0 && middle <= innerHeight;
}
