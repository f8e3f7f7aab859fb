/* The demo site's own scripts. Every form works without them. */

import { gettext } from "../inbox/shared/i18n.js";

/* Forms with data-swap="<id>" are posted in the background. Then that element, the one in data-counts and #flash are replaced
 * by those of the page in the response. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("form[data-swap]") || form.ariaBusy === "true") return;
  event.preventDefault();
  form.ariaBusy = "true";
  post(form).catch(() => {
    form.ariaBusy = "false";
    say(gettext("That didn’t work. Check your connection and try again."));
  });
});

async function post(form) {
  const { response: fresh, status, statusText, responseURL } = await send(form);
  if (status >= 400 && status !== 422) throw new Error(statusText);
  if (!fresh?.getElementById(form.dataset.swap)) return void location.assign(responseURL);
  const mark = focusMark(form);
  for (const id of [form.dataset.swap, form.dataset.counts]) swap(fresh, id);
  // The live region itself stays, or screen readers announce nothing.
  document.getElementById("flash").replaceChildren(...fresh.getElementById("flash").childNodes);
  restoreFocus(mark, form.dataset.swap);
}

/* Not fetch(): parsing its text as HTML is forbidden by Trusted Types, while XMLHttpRequest returns a document. */
function send(form) {
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.responseType = "document";
  request.send(new FormData(form));
  return new Promise((resolve, reject) => {
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error("no answer"));
  });
}

function swap(fresh, id) {
  const [old, next] = [document.getElementById(id), fresh.getElementById(id)];
  if (old && next) old.replaceWith(document.adoptNode(next));
}

function say(text) {
  const line = Object.assign(document.createElement("p"), { className: "flash-error", textContent: text });
  document.getElementById("flash").replaceChildren(line);
}

/* A selector for the focused control that survives the replacement, or null. */
function focusMark(form) {
  const { dataset, localName, className } = document.activeElement;
  if (!form.contains(document.activeElement)) return null;
  return dataset.focus ? `[data-focus="${dataset.focus}"]` : `${localName}[class="${className}"]`;
}

function restoreFocus(mark, id) {
  const invalid = document.querySelector(`#${id} .errorlist`)?.parentElement.querySelector("textarea, input");
  const target = invalid ?? (mark && document.querySelector(`#${id} ${mark}`));
  target?.focus({ preventScroll: true });
}

/* The menu closes with Escape, or a click elsewhere. */
const menu = document.querySelector("[data-menu]");
document.addEventListener("click", (event) => {
  if (menu?.open && !menu.contains(event.target)) menu.open = false;
});
menu?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
