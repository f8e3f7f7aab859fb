// Fields for people: a search that suggests, and a button for each chosen one, which takes them out again. The <select>
// behind them is what the form sends. Parts of an audience that do not count are hidden.
"use strict";

addEventListener("DOMContentLoaded", () => {
  for (const select of document.querySelectorAll("select.inbox-people")) new PeopleField(select);
  const form = document.querySelector(".inbox-aim [name=audience]")?.form;
  if (!form) return;
  form.addEventListener("change", ({ target }) => { if (target.name === "audience") showParts(form); });
  showParts(form);
  const without = document.querySelector(".inbox-without :is(input:checked, option)");
  without?.closest("details")?.setAttribute("open", "");
});

function showParts(form) {
  const { value } = form.elements.audience;
  const counting = { groups: ["groups"], several: ["groups", "with_staff", "people", "filters"] }[value] ?? [];
  for (const name of ["groups", "with_staff", "people", "filters"]) {
    const row = form.querySelector(`.inbox-aim .form-row.field-${name}`);
    if (row) row.hidden = !counting.includes(name) && !row.querySelector(".errorlist");
  }
}

class PeopleField {
  static PAUSE = 150; // ms without a key before a search
  #active = -1; // number of the suggestion that the arrow keys have reached
  #timer = 0;

  constructor(select) {
    const label = document.querySelector(`label[for=${select.id}]`);
    const name = label?.textContent.replace(/:\s*$/, "").trim() ?? "";
    this.select = select;
    this.list = this.#make("ul", { id: `${select.id}-found`, role: "listbox", className: "inbox-found", ariaLabel: name });
    this.chosen = this.#make("ul", { className: "inbox-chosen", ariaLabel: name });
    this.search = this.#makeSearch(select);
    label?.setAttribute("for", this.search.id);
    const box = this.#make("div", { className: "inbox-people-box" });
    box.append(this.search, this.list, this.chosen);
    select.before(box);
    select.hidden = true;
    select.form.addEventListener("formdata", ({ formData }) => { // one value: Django limits their number
      if (formData.has(select.name)) formData.set(select.name, formData.getAll(select.name).join("\n"));
    });
    for (const option of select.options) this.#showChosen(option);
    this.#close();
  }

  #makeSearch(select) {
    const search = this.#make("input", { type: "text", id: `${select.id}-search`, className: "vTextField" });
    Object.assign(search, { autocomplete: "off", role: "combobox", ariaAutoComplete: "list" });
    search.placeholder = select.dataset.placeholder;
    search.setAttribute("aria-controls", this.list.id);
    search.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#suggest(), PeopleField.PAUSE);
    });
    search.addEventListener("keydown", (event) => this.#onKey(event));
    search.addEventListener("blur", () => this.#close());
    return search;
  }

  async #suggest() {
    const typed = this.search.value.trim();
    const address = `${this.select.dataset.search}?${new URLSearchParams({ q: typed })}`;
    const answer = typed ? await fetch(address).catch(() => null) : null;
    if (typed !== this.search.value.trim()) return; // a later search has overtaken this one
    if (!answer?.ok) {
      this.#close();
      return;
    }
    const { people } = await answer.json();
    const known = new Set([...this.select.options].map(({ value }) => value));
    const found = people.filter(({ id }) => !known.has(id)).map((person, number) => this.#makeOption(person, number));
    const none = this.#make("li", { textContent: this.select.dataset.nobody, className: "inbox-none" });
    this.list.replaceChildren(...(found.length ? found : [none]));
    this.list.hidden = false;
    this.search.ariaExpanded = "true";
    this.#activate(-1);
  }

  #makeOption(person, number) {
    const option = this.#make("li", { id: `${this.list.id}-${number}`, role: "option", ariaSelected: "false" });
    option.append(this.#make("b", { textContent: person.name }));
    if (person.more) option.append(this.#make("span", { textContent: person.more }));
    option.addEventListener("pointerdown", (event) => event.preventDefault()); // the search keeps the focus
    option.addEventListener("click", () => this.#choose(person));
    return option;
  }

  #onKey(event) {
    const options = this.list.querySelectorAll("[role=option]");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") {
      event.preventDefault(); // it would send the form
      options[Math.max(this.#active, 0)]?.click();
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.#close();
    } else if (step && options.length) {
      event.preventDefault();
      const from = this.#active < 0 && step < 0 ? 0 : this.#active;
      this.#activate((from + step + options.length) % options.length);
    }
  }

  #activate(number) {
    this.#active = number;
    const options = this.list.querySelectorAll("[role=option]");
    options.forEach((option, n) => { option.ariaSelected = String(n === number); });
    options[number]?.scrollIntoView({ block: "nearest" });
    if (options[number]) this.search.setAttribute("aria-activedescendant", options[number].id);
    else this.search.removeAttribute("aria-activedescendant");
  }

  #choose(person) {
    if (this.select.options.length >= Number(this.select.dataset.most)) {
      this.list.replaceChildren(this.#make("li", { textContent: this.select.dataset.full, className: "inbox-none" }));
      return;
    }
    const option = new Option(person.name, person.id, true, true);
    this.select.add(option);
    this.#showChosen(option);
    this.search.value = "";
    this.#close();
    this.#tell();
  }

  #showChosen(option) {
    const button = this.#make("button", { type: "button", textContent: "×" });
    button.ariaLabel = this.select.dataset.remove.replace("%s", () => option.text);
    const item = this.#make("li", {});
    item.append(this.#make("bdi", { textContent: option.text }), button);
    button.addEventListener("click", () => {
      option.remove();
      item.remove();
      this.search.focus();
      this.#tell();
    });
    this.chosen.append(item);
  }

  #close() {
    this.list.hidden = true;
    this.list.replaceChildren();
    this.search.ariaExpanded = "false";
    this.#activate(-1);
  }

  /* publish.js counts the audience again. */
  #tell() {
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  #make(name, properties) {
    return Object.assign(document.createElement(name), properties);
  }
}
