/* The keys of the inbox page. They work anywhere on it, except where text is typed and in dialogs; shared/rows/keys.js has the table. */

import { MOVES, commandOf, takesText } from "./shared/rows/keys.js";

const OWN_KEYS = "dialog, [popover], [role=dialog], [role=menu]"; // what lies over the page

/**
 * @param {import("./shared/rows/stops.js").Stops} stops
 * @param {{act: (name: string, row: Element|null) => boolean, undo: () => void, help: () => void, hasCharacters: () => boolean}} page
 * @param {HTMLInputElement} field that searches
 */
export function bindKeys(stops, page, field) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || isElsewhere(event)) return;
    if (event.repeat && event.key === "Enter" && stops.isInside) event.preventDefault(); // one press, one row
    const command = commandOf(event, page.hasCharacters());
    if (command && run(command, event.key.length > 1, stops, page, field)) event.preventDefault();
  });
  // The link that leads past what is above the rows, without an entry in the history, which would be another list.
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.('a[href="#rd-list"]')) return;
    event.preventDefault();
    stops.focus();
  });
  field.addEventListener("keydown", (event) => {
    const leaves = event.key === "ArrowDown" || (event.key === "Escape" && !field.value);
    if (!leaves || event.isComposing) return;
    event.preventDefault();
    stops.focus();
  });
}

function isElsewhere(event) {
  const path = event.composedPath();
  return takesText(path[0]) || path.some((node) => node.matches?.(OWN_KEYS)) || document.querySelector(":modal") !== null;
}

/* Returns whether it did anything. Arrow keys and the like (`isNamed`) belong to the browser outside of the rows. */
function run(command, isNamed, stops, page, field) {
  if (isNamed && !stops.isInside) return false;
  if (MOVES.includes(command)) return stops.move(command);
  if (command === "search") field.select(), field.focus();
  else if (command === "help" || command === "undo") page[command]();
  else if (command === "open" && stops.current) stops.open(stops.current);
  else if (command === "open" || !page.act(command, stops.current)) stops.focus(); // it shows which row the next key is for
  return true;
}
