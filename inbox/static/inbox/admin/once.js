// A form that creates something is sent once: its buttons rest until the answer comes. (The server makes sure.)
"use strict";

const buttons = (form) => form.querySelectorAll("[type=submit]");

document.addEventListener("submit", ({ target }) => {
  if (target.querySelector("[name=form_key]")) {
    // Afterwards: a disabled button would not be sent along.
    setTimeout(() => buttons(target).forEach((button) => (button.disabled = true)));
  }
});

// Back from the next page, out of the browser's memory.
addEventListener("pageshow", () => {
  document.querySelectorAll("form:has([name=form_key])").forEach((form) => buttons(form).forEach((button) => (button.disabled = false)));
});
