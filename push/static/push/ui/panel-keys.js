/**
 * The keys of the panel, while it has the focus: those of the inbox page, as far as the panel has what they are for.
 * @import {Command} from "../../inbox/shared/rows/keys.js" @import {Panel} from "./panel.js"
 */
import { gettext } from "../../inbox/shared/i18n.js";
import { MOVES, commandOf, takesText } from "../../inbox/shared/rows/keys.js";
import { Stops } from "../../inbox/shared/rows/stops.js";

/** What only the page has: its checkboxes and its search. @type {Command[]} */
const OF_THE_PAGE = ["select", "range", "all", "search"];

export class PanelKeys {
  /** Whether characters are shortcuts for the user; null: not asked for yet. @type {Promise<boolean>|null} */ #hasCharacters = null;
  #waiting = 0; // keys that wait for that; those that follow wait with them, in their order
  /** Where keys pressed on a row have led that waited. @type {{from: Element|null, to: Element|null}|null} */ #led = null;

  /** @param {Panel} panel */
  constructor(panel) {
    this.panel = panel;
    this.stops = new Stops(panel.body);
  }

  /** The panel was opened: begin at its first row. The user may have chosen otherwise meanwhile. */
  reset() {
    this.#hasCharacters = null;
    this.stops.reset();
  }

  /** @param {KeyboardEvent} event */
  async onKey(event) {
    const path = /** @type {HTMLElement[]} */ (event.composedPath());
    if (takesText(path[0]) || path.some(({ localName }) => localName === "dialog")) return;
    if (event.repeat && event.key === "Enter" && this.stops.isInside) event.preventDefault(); // one press, one row
    const command = commandOf(event, true);
    if (!command || OF_THE_PAGE.includes(command)) return;
    const isCharacter = event.key.length === 1;
    if (isCharacter || this.#waiting) {
      event.preventDefault();
      await this.#runLater(command, isCharacter);
    } else if (this.#run(command)) event.preventDefault();
  }

  /** Nothing is done to a row that the user has not meant: they may be elsewhere by then. @param {Command} command @param {boolean} isCharacter */
  async #runLater(command, isCharacter) {
    if (!this.#waiting) this.#led = null;
    const from = this.stops.current;
    this.#waiting += 1;
    const has = await this.#characters();
    this.#waiting -= 1;
    if (this.stops.current !== (this.#led?.from === from ? this.#led.to : from)) return;
    if (has || !isCharacter) this.#run(command);
    this.#led = { from, to: this.stops.current };
  }

  /** Asked for at the first character. If that fails, so does what it is for, and says why. */
  #characters() {
    this.#hasCharacters ??= this.panel.bell.api.preferences().then(({ character_keys: has }) => has, () => {
      this.#hasCharacters = null;
      return true;
    });
    return this.#hasCharacters;
  }

  /** Returns whether it was for the panel. @param {Command} command */
  #run(command) {
    const { stops, panel } = this;
    const row = /** @type {any} */ (stops.current);
    if (MOVES.includes(command)) return stops.move(command);
    if (command === "undo") panel.undoIt();
    else if (command === "help") this.#help();
    else if (!row) stops.focus(); // it shows which row the next key is for
    else if (command === "open") stops.open(row);
    else this.#act(command, row);
    return true;
  }

  /** On a row of the list, or on an item of an unfolded thread. @param {Command} command @param {any} row */
  #act(command, row) {
    const { list, actions } = this.panel.feed;
    if (list.find(row.dataset.ref)) actions.do(command, row.dataset.ref);
    else if (row.item) actions.doPart(command, row.item);
  }

  async #help() {
    const module = await import("../../inbox/shared/key-help.js").catch(() => null);
    if (!module) return this.panel.complain(gettext("That didn’t work. Check your connection and try again."), null);
    const hasCharacters = await this.#characters();
    if (!this.panel.opened || this.panel.element.querySelector("[data-key-help]")) return;
    module.showKeys(this.panel.element, { has: (command) => !OF_THE_PAGE.includes(command), hasCharacters, save: (value) => this.#save(value) });
  }

  /** @param {boolean} hasCharacters */
  async #save(hasCharacters) {
    await this.panel.bell.api.setPreferences({ character_keys: hasCharacters });
    this.#hasCharacters = Promise.resolve(hasCharacters);
  }
}
