// Disables the buttons of a form that creates something until the answer comes. (The server also refuses a second submit.)
"use strict";

const buttons = (form) => form.querySelectorAll("[type=submit]");

document.addEventListener("submit", ({ target }) => {
  if (target.querySelector("[name=form_key]")) {
    // After the submit: a disabled button would not be part of the form data.
    setTimeout(() => buttons(target).forEach((button) => (button.disabled = true)));
  }
});

// When the page returns from the back/forward cache.
addEventListener("pageshow", () => {
  document.querySelectorAll("form:has([name=form_key])").forEach((form) => buttons(form).forEach((button) => (button.disabled = false)));
});
