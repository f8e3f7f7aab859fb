// Helps to write the Markdown of a broadcast: buttons, help, and what readers will not see. The preview is in shown.js.
"use strict";

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
  const [tools, help, leftOut] = [".inbox-tools", ".inbox-markdown", ".inbox-left-out"].map((name) => parts.querySelector(name));
  if (field.lang) tools.ariaLabel += ` (${field.lang})`;
  leftOut.dataset.field = field.name;
  const editor = document.createElement("div");
  editor.className = "inbox-editor";
  field.replaceWith(editor);
  editor.append(tools, field, leftOut, help);
  tools.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) format(field, button.dataset);
  });
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
