// Says how many people an audience has, and asks before an announcement is published or withdrawn.
"use strict";

const AIM = [
  "audience", "with_staff", "groups", "people", "filters", "late_joiners",
  "excludes_staff", "without_groups", "without_people", "excluded_filters",
];

addEventListener("DOMContentLoaded", () => {
  const row = document.querySelector(".inbox-moves[data-reach]");
  if (!row) return;
  const form = row.closest("form");
  const audience = form.querySelector("[name=audience]");
  if (audience) tellReach(form, audience, row.dataset.reach, document.querySelector("#inbox-publish .inbox-reach"));
  form.addEventListener("submit", (event) => {
    const { submitter } = event;
    const dialog = submitter?.dataset.asks && document.getElementById(submitter.dataset.asks);
    if (!dialog || submitter.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // once.js would disable the buttons
    ask(dialog, submitter);
  }, { capture: true });
});

function ask(dialog, submitter) {
  dialog.querySelector("[value=yes]").onclick = () => {
    dialog.close();
    submitter.dataset.confirmed = "yes";
    submitter.form.requestSubmit(submitter);
    delete submitter.dataset.confirmed;
  };
  dialog.querySelector("[value=no]").onclick = () => dialog.close();
  dialog.showModal();
}

/* Beside the audience, and in the dialog; after each change of the audience. */
function tellReach(form, audience, address, inDialog) {
  const beside = document.createElement("div");
  beside.className = "inbox-reach help";
  beside.role = "status";
  audience.closest(".form-row").append(beside);
  let asked = 0;
  const tell = async () => {
    const mine = ++asked;
    const body = new FormData();
    const given = new FormData(form);
    for (const name of AIM) for (const value of given.getAll(name)) body.append(name, value);
    body.set("broadcast", form.querySelector(".inbox-moves").dataset.broadcast);
    const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    const answer = await fetch(address, { method: "POST", body, headers }).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    const { sentence } = await answer.json();
    beside.textContent = sentence;
    inDialog.textContent = sentence;
  };
  form.addEventListener("change", ({ target }) => { if (AIM.includes(target.name)) tell(); });
  tell();
}
