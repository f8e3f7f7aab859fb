// Shows how far an upload is: the file, the names that are looked up, the report. Without this script, the form is sent
// as any other.
"use strict";

const SHOWN = 1_000; // lines: a text field with a hundred thousand of them stops the page for seconds
const TYPE = "application/x-ndjson"; // uploads/steps.py writes it

class Upload {
  #request = null;
  #isOver = false; // the last line has come: a report or an error
  #read = 0; // characters of the response

  constructor(form) {
    const find = (selector) => document.querySelector(selector);
    Object.assign(this, { form, box: find(".inbox-progress"), report: find(".inbox-report") });
    this.unknown = new Unknown(find(".inbox-unknown"));
    this.bar = this.box.querySelector("progress");
    this.status = this.box.querySelector("[role=status]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#request) this.#send();
    });
  }

  /* XMLHttpRequest, because fetch() does not tell how much of the file was sent. */
  #send() {
    const request = (this.#request = new XMLHttpRequest());
    this.#isOver = false;
    this.#read = 0;
    request.open("POST", this.form.action);
    request.setRequestHeader("Accept", TYPE);
    request.upload.onprogress = ({ loaded, total }) => this.#show("sending", loaded, total);
    request.upload.onload = () => this.#show("reading");
    request.onprogress = () => this.#hear();
    request.onloadend = () => this.#end();
    request.send(new FormData(this.form));
    this.#wait(true);
    this.report.hidden = true;
    this.#show("sending");
  }

  #wait(isWaiting) {
    this.box.hidden = !isWaiting;
    for (const button of document.querySelectorAll("#content [type=submit]")) button.disabled = isWaiting;
  }

  /* Without numbers, the bar shows only that something happens. */
  #show(step, done, total) {
    if (total) Object.assign(this.bar, { max: total, value: done });
    else this.bar.removeAttribute("value");
    const told = this.box.dataset[step].replace("%(done)s", number(done)).replace("%(total)s", number(total));
    if (this.status.textContent !== told) this.status.textContent = told;
  }

  /* Not so: an error, or another page after a redirect, because the user was signed out or the announcement deleted. */
  #isOurs() {
    const type = this.#request.getResponseHeader("Content-Type") ?? "";
    return this.#request.status === 200 && type.startsWith(TYPE);
  }

  #hear() {
    const { responseText } = this.#request;
    if (!this.#isOurs()) return;
    const end = responseText.lastIndexOf("\n") + 1;
    const lines = responseText.slice(this.#read, end).split("\n");
    this.#read = end;
    for (const line of lines) if (line) this.#take(JSON.parse(line));
  }

  #take({ done, total, error, sentences, unknown }) {
    if (done < total) return this.#show("looking", done, total);
    if (total) return this.#show("writing");
    this.#isOver = true;
    if (sentences) this.form.elements.file.value = ""; // a second click would send it again
    this.#report(sentences ?? [["error", error]], unknown ?? "");
  }

  #end() {
    this.#hear();
    const { status } = this.#request;
    const { lost, refused } = this.box.dataset;
    const isRefused = status >= 200 && status < 500 && !this.#isOurs();
    if (!this.#isOver) this.#report([["error", isRefused ? refused : lost]], "");
    this.#request = null;
    this.#wait(false);
    this.report.focus();
    this.#renew();
  }

  #report(sentences, unknown) {
    const items = sentences.map(([level, text]) => Object.assign(document.createElement("li"), { className: level, textContent: text }));
    this.report.querySelector("ul").replaceChildren(...items);
    this.unknown.show(unknown);
    this.report.hidden = false;
  }

  /* How many people are on the lists now. */
  #renew() {
    const request = new XMLHttpRequest(); // it parses HTML, which a string may not be under Trusted Types
    request.open("GET", location.href);
    request.responseType = "document";
    request.onload = () => {
      const fresh = request.response?.querySelector(".inbox-uploaded");
      if (fresh) document.querySelector(".inbox-uploaded").replaceWith(document.importNode(fresh, true));
    };
    request.send();
  }
}

function number(value) {
  return value === undefined ? "" : value.toLocaleString(document.documentElement.lang || undefined);
}

/* The lines that name nobody, all of them for the clipboard or as a file. The server has neutralised them. */
class Unknown {
  constructor(box) {
    Object.assign(this, { box, field: box.querySelector("textarea"), status: box.querySelector("[role=status]") });
    this.lines = this.field.value;
    const [copy, save] = box.querySelectorAll("button");
    for (const button of [copy, save]) button.hidden = false;
    copy.addEventListener("click", () => this.#copy(copy.dataset));
    save.addEventListener("click", () => this.#save(save.dataset));
  }

  show(lines) {
    const some = lines.split("\n", SHOWN).join("\n");
    this.lines = lines;
    this.field.value = some === lines ? lines : `${some}\n…`;
    this.status.textContent = "";
    this.box.hidden = !lines;
  }

  async #copy({ done, failed }) {
    const isCopied = await navigator.clipboard?.writeText(this.lines).then(() => true, () => false);
    this.status.textContent = isCopied ? done : failed;
  }

  #save({ name }) {
    const cells = this.lines.split("\n").map((line) => `"${line.replaceAll('"', '""')}"\r\n`);
    const href = URL.createObjectURL(new Blob(["\ufeff", ...cells], { type: "text/csv" }));
    Object.assign(document.createElement("a"), { href, download: name }).click();
    URL.revokeObjectURL(href);
  }
}

addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form.inbox-upload");
  if (form) new Upload(form);
});
