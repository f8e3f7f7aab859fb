// Helps to write the Markdown of a broadcast: buttons, help, and a preview that says what readers will not see.
"use strict";

const PAUSE = 300; // ms without typing before the preview is asked for

addEventListener("DOMContentLoaded", () => {
  const template = document.getElementById("inbox-editor");
  const field = document.querySelector("textarea[name=body]");
  if (template && field) edit(field, template);
});

function edit(field, template) {
  const parts = template.content.cloneNode(true);
  const [tools, help, preview] = [".inbox-tools", ".inbox-markdown", ".inbox-preview"].map((name) => parts.querySelector(name));
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

let asked = 0;

/* The answer to the latest question only. Without an answer the old preview stays. */
async function show(field, preview, address) {
  const mine = ++asked;
  const body = new FormData();
  body.set("body", field.value);
  const headers = { "X-CSRFToken": field.form.elements.csrfmiddlewaretoken.value };
  const answer = await fetch(address, { method: "POST", body, headers }).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  const { html, left_out: leftOut } = await answer.json();
  if (mine !== asked) return;
  preview.querySelector(".inbox-rich").innerHTML = html; // sanitised (inbox/rendering/markup.py)
  preview.querySelector(".inbox-left-out").replaceChildren(...leftOut.map((sentence) => {
    const item = document.createElement("li");
    item.textContent = sentence;
    return item;
  }));
}
