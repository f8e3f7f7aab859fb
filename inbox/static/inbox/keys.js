/* Keyboard shortcuts of the list. Letters work only while the focus is in it (WCAG 2.1.4); the browser's own shortcuts stay. */

const ACTS = { u: "read", e: "archive", s: "star", b: "snooze", Delete: "delete", Backspace: "delete" };

/** `act(name, ref)` does one of ACTS; `undo()` undoes the last. */
export function bindKeys(list, act, undo) {
  list.element.addEventListener("keydown", (event) => {
    if (hasModifier(event)) return;
    if (move(list, event.key) || press(list, event.key, act)) event.preventDefault();
  });
  list.element.closest("[data-inbox]").addEventListener("keydown", (event) => {
    if (event.key === "z" && !hasModifier(event) && !event.target.closest("input:not([type=checkbox])")) undo();
  });
}

function hasModifier(event) {
  return event.metaKey || event.ctrlKey || event.altKey;
}

function press(list, key, act) {
  const ref = list.current;
  if (!ref || !ACTS[key]) return false;
  act(ACTS[key], ref);
  return true;
}

function move(list, key) {
  const at = list.items.findIndex((item) => item.ref === list.current);
  const to = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1, Home: 0, End: list.items.length - 1 }[key];
  if (to === undefined || at < 0) return false;
  if (list.items[to]) list.focus(list.items[to].ref);
  return true;
}
