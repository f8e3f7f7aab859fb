// Helps to write the Markdown of a broadcast: buttons, help, and a preview that says what readers will not see.
"use strict";

const PAUSE = 300; // ms without typing before the preview is asked for

addEventListener("DOMContentLoaded", () => {
  const template = document.getElementById("inbox-editor");
  if (!template) return;
  document.querySelectorAll("textarea[name=body], textarea[name^=body_]").forEach((field) => edit(field, template));
  const language = document.querySelector("select[name=language]");
  language?.addEventListener("change", () => showOthers(language.value));
  if (language) showOthers(language.value);
});

/* The text above is in `language`: it needs no translation. What was typed there stays to be seen. */
function showOthers(language) {
  for (const fieldset of document.querySelectorAll(".inbox-language")) {
    const isEmpty = ![...fieldset.querySelectorAll("input, textarea")].some((field) => field.value);
    fieldset.hidden = isEmpty && fieldset.classList.contains(`inbox-${language}`);
  }
}

function edit(field, template) {
  const parts = template.content.cloneNode(true);
  const [tools, help, preview] = [".inbox-tools", ".inbox-markdown", ".inbox-preview"].map((name) => parts.querySelector(name));
  if (field.lang) for (const part of [tools, preview]) part.ariaLabel += ` (${field.lang})`;
  const editor = document.createElement("div");
  editor.className = "inbox-editor";
  field.replaceWith(editor);
  editor.append(tools, field, preview, help);
  tools.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) format(field, button.dataset);
  });
  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => show(field, preview, template.dataset.preview), PAUSE);
  });
  show(field, preview, template.dataset.preview);
}

/* Write marks around the selection, or before each of its lines. With execCommand, so that Ctrl+Z undoes it. */
function format(field, { before = "", after = "", line = "" }) {
  field.focus();
  let { selectionStart: start, selectionEnd: end } = field;
  if (line) start = field.value.lastIndexOf("\n", start - 1) + 1;
  const chosen = field.value.slice(start, end);
  const written = line ? chosen.split("\n").map((each) => line + each).join("\n") : before + chosen + after;
  field.setSelectionRange(start, end);
  document.execCommand("insertText", false, written);
  if (!line) field.setSelectionRange(start + before.length, start + before.length + chosen.length);
}

const asked = new WeakMap(); // field → number of its latest question

/* The answer to the latest question only. Without an answer the old preview stays. */
async function show(field, preview, address) {
  const mine = (asked.get(field) ?? 0) + 1;
  asked.set(field, mine);
  const body = new FormData();
  body.set("body", field.value);
  body.set("language", field.lang || field.form.elements.language?.value || "");
  const headers = { "X-CSRFToken": field.form.elements.csrfmiddlewaretoken.value };
  const answer = await fetch(address, { method: "POST", body, headers }).catch(() => null);
  if (!answer?.ok || mine !== asked.get(field)) return;
  const { html, left_out: leftOut } = await answer.json();
  if (mine !== asked.get(field)) return;
  preview.querySelector(".inbox-rich").innerHTML = html; // sanitised (inbox/rendering/markup.py)
  preview.querySelector(".inbox-left-out").replaceChildren(...leftOut.map((sentence) => {
    const item = document.createElement("li");
    item.textContent = sentence;
    return item;
  }));
}
