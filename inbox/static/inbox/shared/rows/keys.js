/**
 * Which key means what, on the inbox page and in the bell's panel. What a command does is decided there.
 *
 * @typedef {"next"|"previous"|"first"|"last"|"forward"|"backward"|"open"|"archive"|"read"|"star"|"snooze"|"delete"|"select"|"range"|"all"|"undo"|"search"|"help"} Command
 */

/** Keys that are no characters: they always work. @type {Record<string, Command>} */
const NAMED = {
  ArrowDown: "next", ArrowUp: "previous", ArrowRight: "forward", ArrowLeft: "backward", Home: "first", End: "last",
  Delete: "delete", Backspace: "delete",
};

/** Characters can be switched off (WCAG 2.1.4). @type {Record<string, Command>} */
const CHARACTERS = {
  j: "next", k: "previous", o: "open", e: "archive", u: "read", s: "star", b: "snooze", x: "select", "*": "all", z: "undo",
  "/": "search", "?": "help",
};
const WITH_SHIFT = { x: "range" };

const PUNCTUATION = { "؟": "?", "？": "?", "／": "/" }; // Arabic; full width
const FOREIGN = /^(?!\p{Script=Latin})[\p{L}\p{M}]/u; // a letter that is not Latin; "لا" is one key
/** Commands that change nothing. @type {Command[]} */
export const MOVES = ["next", "previous", "first", "last", "forward", "backward"];
const NO_TEXT = ["checkbox", "button", "submit", "reset"]; // types of inputs

/**
 * What the key asks for; null: nothing. Modifiers belong to browser and system, and keys of an input method to it. A key that is
 * held down repeats moves, and nothing that changes an item. @param {KeyboardEvent} event @param {boolean} hasCharacters
 * @returns {Command|null}
 */
export function commandOf(event, hasCharacters) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.getModifierState("AltGraph")) return null;
  const command = own(NAMED, event.key) ? !event.shiftKey && NAMED[event.key] : hasCharacters && ofCharacter(event);
  return !command || (event.repeat && !MOVES.includes(command)) ? null : command;
}

/** A letter without Shift, whatever Caps Lock says. Layouts have punctuation on any level. @param {KeyboardEvent} event */
function ofCharacter(event) {
  const character = characterOf(event);
  const table = event.shiftKey && /[a-z]/.test(character) ? WITH_SHIFT : CHARACTERS;
  return own(table, character) ? table[character] : null;
}

/**
 * Where the layout has no Latin letters (Arabic, Cyrillic …), the one that other layouts have at this place: nobody would change
 * the layout for a shortcut. Latin layouts (Dvorak, AZERTY) mean what is written on the key. @param {KeyboardEvent} event
 */
function characterOf({ key, code, shiftKey }) {
  if (own(PUNCTUATION, key)) return PUNCTUATION[key];
  if (!FOREIGN.test(key)) return key.toLowerCase();
  if (code === "Slash") return shiftKey ? "?" : "/";
  return code.startsWith("Key") ? code.slice(3).toLowerCase() : "";
}

function own(table, key) {
  return Object.hasOwn(table, key);
}

/** Whether what is typed there is text, or chooses from a list. @param {EventTarget} target */
export function takesText(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !NO_TEXT.includes(target.type);
  return target.isContentEditable || target.matches("textarea, select");
}
