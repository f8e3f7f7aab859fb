/* The dialog of keys on the inbox page, and whether characters are among them: the server has the user's choice. */

import { gettext } from "./shared/i18n.js";

export class Help {
  /** @param {HTMLElement} root of the page @param {import("./shared/inbox-api.js").InboxApi} api @param {import("./toast.js").Toast} toast */
  constructor(root, api, toast) {
    Object.assign(this, { root, api, toast, hasCharacters: root.dataset.characters !== "off" });
    root.querySelector("[data-help]").addEventListener("click", () => this.open());
  }

  async open() {
    const module = await import("./shared/key-help.js").catch(() => null);
    if (!module) return this.toast.show(gettext("That didn’t work. Check your connection and try again."));
    if (document.querySelector(":modal, [data-key-help]")) return; // it was asked for twice, or something else came first
    module.showKeys(this.root, { has: () => true, hasCharacters: this.hasCharacters, save: (value) => this.#save(value) });
  }

  async #save(hasCharacters) {
    await this.api.setPreferences({ character_keys: hasCharacters });
    this.hasCharacters = hasCharacters;
  }
}
