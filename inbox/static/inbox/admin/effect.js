// Keeps the numbers, the chart and the list of an announcement's effect up to date while the page is visible. The server
// renders them; here only what differs is put into the page, so that focus and what is open stay.
"use strict";

const PAUSE = 2_000; // ms between two requests; the server counts no more often
const POLL = 3_000; // ms from one request to the next, if no stream tells when something changes
const RESYNC = 10_000; // if one does: not all that is counted is told, and a message may be lost
const LOST = 15_000; // ms until the next attempt after a failed one

class Watch {
  #timer = 0;
  #request = null;
  #tag = "";
  #isOver = false;
  #stream = null; // an EventSource: it says when something may have changed
  #toldAt = -PAUSE;
  #askedAt = -PAUSE;

  constructor(box) {
    Object.assign(this, { box, part: box.querySelector("[data-part]"), status: box.querySelector("[role=status]") });
    document.addEventListener("visibilitychange", () => this.#look());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#look());
    addEventListener("pagehide", () => this.#stop());
    this.#look();
  }

  #look() {
    this.#stop();
    if (document.hidden || this.#isOver) return;
    this.status.textContent = this.status.dataset.live;
    this.#listen();
    this.#ask();
  }

  #listen() {
    const { stream } = this.box.dataset;
    if (!stream) return;
    this.#stream = new EventSource(stream);
    this.#stream.onopen = this.#stream.onmessage = () => {
      this.#toldAt = performance.now();
      this.#askIn(this.#askedAt + PAUSE - this.#toldAt);
    };
  }

  #stop() {
    this.#stream?.close();
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#request = null;
  }

  #askIn(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), pause);
  }

  /* XMLHttpRequest, because it parses HTML: a string could not be parsed under Trusted Types. */
  #ask() {
    this.#request?.abort();
    this.#askedAt = performance.now();
    const request = (this.#request = new XMLHttpRequest());
    request.open("GET", this.box.dataset.now + location.search);
    request.responseType = "document";
    request.overrideMimeType("text/html"); // a 304 has no type: it would be read as XML, and the error in it has styles
    request.timeout = LOST;
    if (this.#tag) request.setRequestHeader("If-None-Match", this.#tag);
    request.onload = () => this.#answer(request);
    request.onerror = request.ontimeout = () => this.#askIn(LOST);
    request.send();
  }

  #answer(request) {
    this.#request = null;
    const fresh = request.response?.querySelector(".inbox-effect-now");
    if (request.status >= 500 || request.status === 429) return this.#askIn(LOST);
    if (request.status !== 304 && !fresh) return this.#end(); // signed out, not allowed any more, or deleted
    if (fresh) {
      this.#tag = request.getResponseHeader("ETag") ?? "";
      update(this.part.firstElementChild, fresh);
    }
    this.#askIn(this.#pause());
  }

  /* The answer may have been counted up to two seconds before the request. */
  #pause() {
    if (this.#askedAt - this.#toldAt < PAUSE) return PAUSE;
    return this.#stream?.readyState === EventSource.OPEN ? RESYNC : POLL;
  }

  #end() {
    this.#stop();
    this.#isOver = true;
    this.status.textContent = this.status.dataset.ended;
  }
}

/* Make `old` like `fresh`. Elements with the same `data-key` are the same. What users have opened or typed stays. */
function update(old, fresh) {
  if (!isSame(old, fresh)) return old.replaceWith(document.importNode(fresh, true));
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  updateAttributes(old, fresh);
  const [before, after] = [[...old.childNodes], [...fresh.childNodes]];
  before.slice(after.length).forEach((node) => node.remove());
  after.forEach((node, index) => (before[index] ? update(before[index], node) : old.append(document.importNode(node, true))));
}

function isSame(old, fresh) {
  return old.nodeName === fresh.nodeName && old.dataset?.key === fresh.dataset?.key;
}

function updateAttributes(old, fresh) {
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
}

const box = document.querySelector(".inbox-effect");
if (box) new Watch(box);
