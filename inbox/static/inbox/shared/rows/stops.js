/* One stop of the Tab key for all rows: those of the list, of unfolded threads, and of what is important. Inside, arrow keys move.
 * ARCHITECTURE.md says why it is so. Without scripts each control is a stop. */

const ROW = ".rd-row, .rd-part, .rd-parts > li";
const CONTROL = "a[href]:not([aria-hidden]), button, input";

export class Stops {
  #stop = null; // the control that Tab leads to
  #at = 0; // the number of its row, in case that it goes

  constructor(root) {
    this.root = root;
    root.addEventListener("focusin", ({ target }) => this.#enter(target));
    new MutationObserver(() => this.refresh()).observe(root, { childList: true, subtree: true });
    this.refresh();
  }

  /** In the order of the page. */
  get rows() {
    return [...this.root.querySelectorAll(ROW)].filter((row) => isShown(row) && row.querySelector(CONTROL));
  }

  /** The row with the focus; else the one that shows that it had it from the keyboard, if it is in the window. */
  get current() {
    const row = this.#focusedRow;
    if (row) return row;
    const marked = this.root.querySelector(".rd-current");
    return marked && isInWindow(marked) ? marked : null;
  }

  /** Rows have come or gone, or their controls. */
  refresh() {
    const rows = this.rows;
    if (!rows.includes(rowOf(this.#stop))) this.#stop = title(rows[Math.min(this.#at, rows.length - 1)]);
    else if (!isShown(this.#stop)) this.#stop = title(rowOf(this.#stop));
    this.#at = Math.max(rows.indexOf(rowOf(this.#stop)), 0);
    for (const control of this.root.querySelectorAll(`:is(${ROW}) :is(${CONTROL})`)) setStop(control, control === this.#stop);
  }

  /** Go to the row that had the focus last, or the first one. */
  focus() {
    this.refresh();
    (this.#stop ?? this.root.querySelector(".rd-list")).focus();
  }

  /** `command`: next, previous, first, last, forward or backward. Returns whether there was anything to do. */
  move(command) {
    const row = this.#focusedRow;
    if (["forward", "backward"].includes(command)) return row !== null && this.#along(row, command);
    if (!row && ["next", "previous"].includes(command)) return this.focus(), this.#stop !== null;
    const rows = this.rows;
    const at = rows.indexOf(row);
    const to = { next: at + 1, previous: at - 1, first: 0, last: rows.length - 1 }[command];
    if (rows[to]) (row ? alike(rows[to], this.#focused) : title(rows[to])).focus();
    return rows.length > 0;
  }

  /** The control that opens the row. */
  open(row) {
    title(row).click();
  }

  /** Whether the focus is in a row. */
  get isInside() {
    return this.#focusedRow !== null;
  }

  /** Where the focus is, for a later page; null if it is in no row, or does not show: a mouse has brought it there. */
  get kept() {
    const row = this.#focused?.matches(":focus-visible") ? this.#focusedRow : null;
    return row && { ref: refOf(row), at: this.rows.indexOf(row) };
  }

  /** Go back to what an earlier page has kept, unless the reader is elsewhere by now. */
  restore(kept) {
    if (!kept || document.activeElement !== document.body) return;
    const rows = this.rows;
    const row = [rows[kept.at], ...rows].find((each) => each && refOf(each) === kept.ref) ?? rows[Math.min(kept.at, rows.length - 1)];
    if (row) title(row).focus({ preventScroll: true });
  }

  /** Begin at the first row again. */
  reset() {
    for (const row of this.root.querySelectorAll(".rd-current")) row.classList.remove("rd-current");
    this.#stop = null;
    this.#at = 0;
    this.refresh();
  }

  /* In the bell the rows are in a shadow tree. */
  get #focused() {
    return this.root.getRootNode().activeElement ?? null;
  }

  get #focusedRow() {
    const row = rowOf(this.#focused);
    return this.root.contains(row) ? row : null;
  }

  #enter(target) {
    const row = rowOf(target);
    if (!row) return;
    for (const old of this.root.querySelectorAll(".rd-current")) old.classList.remove("rd-current");
    row.classList.toggle("rd-current", target.matches(":focus-visible"));
    if (this.#stop) setStop(this.#stop, false);
    this.#stop = target;
    this.#at = Math.max(this.rows.indexOf(row), 0);
    setStop(target, true);
  }

  /* Among the controls of the row, to the right or to the left. */
  #along(row, command) {
    const isRtl = getComputedStyle(this.root).direction === "rtl";
    const controls = controlsOf(row);
    const at = controls.indexOf(this.#focused);
    const next = controls[at + ((command === "forward") === isRtl ? -1 : 1)];
    next?.focus();
    return controls.length > 1;
  }
}

function rowOf(element) {
  return element?.closest?.(ROW) ?? null;
}

/* Of this row alone: the items of an unfolded thread are rows inside of it. */
function controlsOf(row) {
  return [...(row?.querySelectorAll(CONTROL) ?? [])].filter((control) => rowOf(control) === row && isShown(control));
}

function title(row) {
  const controls = controlsOf(row);
  return controls.find((control) => control.dataset.act === "open") ?? controls[0] ?? null;
}

/* The same control in another row, as in a table. */
function alike(row, control) {
  const isAlike = (each) => each.type === control.type && each.dataset.act === control.dataset.act;
  return ("act" in control.dataset || control.type === "checkbox" ? controlsOf(row).find(isAlike) : null) ?? title(row);
}

function refOf(row) {
  return row.dataset.ref ?? row.item?.ref ?? "";
}

function setStop(control, isStop) {
  const value = isStop ? 0 : -1;
  if (control.tabIndex !== value) control.tabIndex = value;
}

function isShown(control) {
  return control.getClientRects().length > 0;
}

function isInWindow(row) {
  const { top, bottom } = row.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
