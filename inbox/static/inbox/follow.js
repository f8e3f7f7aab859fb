/** `{% follow_button %}`: its form without loading the page anew. If that fails, the browser sends the form. */
import { Api } from "./shared/api.js";
import { csrfTokens, fetchInSession } from "./shared/http.js";

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-inbox-follow]");
  const button = event.submitter ?? form?.querySelector("button");
  if (!form || event.defaultPrevented) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "1";
  const { inboxFollow: subject, api } = form.dataset;
  const token = form.querySelector("input[name=csrfmiddlewaretoken]")?.value;
  const credential = { fetch: (url, init) => fetchInSession(url, init, csrfTokens(token)) };
  const { value } = button;
  new Api(new URL(api, document.baseURI), credential)[value](subject)
    .then(() => show(subject, value === "follow"))
    .catch(() => form.requestSubmit.call(withoutScript(form), button))
    .finally(() => delete form.dataset.busy);
});

/** On every button of this subject. @param {string} subject @param {boolean} follows */
function show(subject, follows) {
  for (const form of document.querySelectorAll("form[data-inbox-follow]")) {
    const button = form.querySelector("button");
    if (form.dataset.inboxFollow !== subject) continue;
    button.value = follows ? "unfollow" : "follow";
    button.textContent = follows ? button.dataset.unfollow : button.dataset.follow;
  }
}

/** The next submit of this form is the browser's. @param {HTMLFormElement} form */
function withoutScript(form) {
  delete form.dataset.inboxFollow;
  return form;
}
