// What readers will see of the announcement in the form: in each language, light and dark, on a phone. A frame shows it
// (preview.js); the server makes the items, as it does for readers.
"use strict";

const PAUSE = 300; // ms without typing before the preview is asked for

addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("inbox-shown");
  const form = box?.closest("form");
  if (form?.elements.title) new Shown(box, form);
});

class Shown {
  #asked = 0; // number of the latest request
  #answer = null; // {shown, headings, left_out}
  #timer = 0;
  #isReady = false; // the frame listens

  constructor(box, form) {
    Object.assign(this, { box, form, frame: box.querySelector("iframe"), language: box.querySelector("select") });
    document.querySelectorAll("fieldset:has([name=body]), .inbox-language").forEach((fieldset) => fieldset.after(box));
    box.hidden = false;
    for (const type of ["input", "change"]) form.addEventListener(type, ({ target }) => target.name && this.#ask(PAUSE));
    this.language.addEventListener("change", () => this.#load());
    box.addEventListener("click", ({ target }) => target.ariaPressed && this.#toggle(target));
    box.querySelector("[data-try]").addEventListener("click", () => this.#try());
    addEventListener("message", (event) => this.#hear(event));
    this.#load();
    this.#ask(0);
  }

  #load() {
    this.#isReady = false;
    this.frame.src = this.language.value;
  }

  #toggle(button) {
    button.ariaPressed = String(button.ariaPressed !== "true");
    this.frame.dataset.width = this.#pressed("width");
    this.#show();
  }

  /* The value of the button with data-`name` if it is pressed, or "". */
  #pressed(name) {
    return this.box.querySelector(`button[data-${name}][aria-pressed=true]`)?.dataset[name] ?? "";
  }

  /* On all open pages of the author, this one included: the push tells them (trial.js). */
  async #try() {
    const note = this.box.querySelector(".inbox-shown-tried");
    const answer = await this.#post(this.box.dataset.try);
    note.hidden = false;
    note.textContent = answer?.ok ? note.dataset.text : (await answer?.json().catch(() => null))?.detail ?? note.dataset.failed;
  }

  /* What is typed, without files. */
  #post(address) {
    const body = new FormData(this.form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    return fetch(address, { method: "POST", body }).catch(() => null);
  }

  #hear({ source, data }) {
    if (source !== this.frame.contentWindow || !data) return;
    if (data.height) this.frame.style.blockSize = `${data.height + 2}px`;
    if (data.ready) {
      this.#isReady = true;
      this.#show();
    }
  }

  #ask(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#request(), pause);
  }

  /* Without an answer the old preview stays. */
  async #request() {
    const mine = (this.#asked += 1);
    const answer = await this.#post(this.box.dataset.preview);
    if (!answer?.ok || mine !== this.#asked) return;
    const found = await answer.json();
    if (mine !== this.#asked) return;
    this.#answer = found;
    this.#show();
    for (const place of document.querySelectorAll(".inbox-left-out")) tell(place, found.left_out[place.dataset.field] ?? []);
  }

  #show() {
    const shown = this.#answer?.shown[this.language.selectedOptions[0].dataset.code];
    if (!shown) return;
    const note = this.box.querySelector(".inbox-shown-note");
    if (note.textContent !== shown.note) note.textContent = shown.note;
    if (!this.#isReady) return;
    const { headings } = this.#answer;
    const message = { ...shown, headings, lang: document.documentElement.lang, theme: this.#pressed("theme") || "light" };
    this.frame.contentWindow.postMessage(message, location.origin);
  }
}

function tell(place, sentences) {
  if ([...place.querySelectorAll("li")].map((item) => item.textContent).join("\n") === sentences.join("\n")) return;
  const list = document.createElement("ul");
  list.append(...sentences.map((sentence) => {
    const item = document.createElement("li");
    item.textContent = sentence;
    return item;
  }));
  place.replaceChildren(...(sentences.length ? [list] : []));
}
