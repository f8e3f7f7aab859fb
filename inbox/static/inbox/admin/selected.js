// Asks before the selected announcements are published or withdrawn, with the numbers that the server says. (`ask` is in publish.js.)
"use strict";

addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("changelist-form");
  form?.addEventListener("submit", async (event) => {
    const { submitter } = event;
    const dialog = document.getElementById(`inbox-${form.elements.action?.value}`);
    if (!dialog?.matches("dialog") || submitter?.name !== "index" || submitter.dataset.confirmed) return;
    if (!form.querySelector(".action-select:checked")) return; // Django says that nothing is selected
    event.preventDefault();
    submitter.disabled = true;
    const numbers = await fetch(dialog.dataset.numbers + location.search, { method: "POST", body: new FormData(form) })
      .then((answer) => answer.ok ? answer.json() : null, () => null);
    submitter.disabled = false;
    askAbout(dialog, submitter, numbers);
  });
});

/* Without numbers it asks all the same; if nothing would change, the server says so without a question. */
function askAbout(dialog, submitter, numbers) {
  if (numbers?.heading === "") {
    submitter.dataset.confirmed = "yes";
    submitter.form.requestSubmit(submitter);
    delete submitter.dataset.confirmed;
    return;
  }
  const heading = dialog.querySelector("h2");
  heading.dataset.general ??= heading.textContent;
  heading.textContent = numbers?.heading ?? heading.dataset.general;
  dialog.querySelector("[role=status]").textContent = numbers?.sentence ?? "";
  ask(dialog, submitter);
}
