// The form of a recurring announcement: shows the fields that count, and the next dates.
"use strict";

const SETTLE = 300; // ms without a change before the dates are asked for

addEventListener("DOMContentLoaded", () => {
  const section = document.querySelector(".inbox-next");
  if (!section) return;
  const form = section.closest("form");
  const show = showDates(form, section);
  let timer = 0;
  const changed = () => {
    showFields(form);
    clearTimeout(timer);
    timer = setTimeout(show, SETTLE);
  };
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  section.hidden = false;
  showFields(form);
  show();
});

/* Without scripts all fields are there, and those that do not count are ignored. */
function showFields(form) {
  const { unit, day, ends } = form.elements;
  const counts = {
    every: unit.value !== "",
    weekdays: unit.value === "WEEKLY",
    day: unit.value === "MONTHLY",
    weekday: unit.value === "MONTHLY" && !["", "last"].includes(day.value),
    rule: unit.value === "",
    ends: unit.value !== "",
    count: unit.value !== "" && ends.value === "COUNT",
    until: unit.value !== "" && ends.value === "UNTIL",
  };
  for (const [name, does] of Object.entries(counts)) part(form, name).hidden = !does;
  for (const row of form.querySelectorAll(".form-row:has(.fieldBox)")) row.hidden = !row.querySelector(".fieldBox:not([hidden])");
}

/* The part of a row that has this field alone, or the row. */
function part(form, name) {
  const row = form.querySelector(`.form-row.field-${name}`);
  return row.querySelector(`.fieldBox.field-${name}`) ?? row;
}

function showDates(form, section) {
  const [words, dates, none, errors] = [".inbox-words", "ol", ".inbox-none", ".errorlist"].map((name) => section.querySelector(name));
  let asked = 0;
  return async () => {
    const mine = ++asked;
    const answer = await fetch(section.dataset.next, { method: "POST", body: new FormData(form) }).catch(() => null);
    if (!answer?.ok || mine !== asked) return; // the latest question counts
    const found = await answer.json();
    if (mine !== asked) return;
    words.textContent = found.words;
    fill(dates, found.next);
    fill(errors, found.errors);
    none.hidden = !found.words || found.next.length > 0;
  };
}

function fill(list, texts) {
  list.replaceChildren(...texts.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
}
