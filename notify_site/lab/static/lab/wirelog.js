/** The wire log of a card. @import {TraceEvent} from "../push/client/types.js" */
import { h } from "../inbox/shared/dom.js";
import { gettext, size } from "./words.js";

const LINES = 30;
const PINNED = 24; // pixels from the end within which the log scrolls with new lines

const KINDS = {
  handshake: gettext("handshake"),
  request: gettext("request"),
  frame: gettext("frame"),
  heartbeat: gettext("heartbeat"),
  close: gettext("close"),
};

/** The latest trace events. Frames in a row share one line, with their number. */
export class WireLog {
  /** @type {{event: TraceEvent, times: number}[]} */ #waiting = [];
  /** @type {{kind: string, up: boolean, times: number, node: HTMLElement}|null} */ #last = null;

  /** @param {HTMLElement} list */
  constructor(list) {
    this.list = list;
    this.frame = /** @type {HTMLElement} */ (list.parentElement);
  }

  /** @param {TraceEvent} event */
  add(event) {
    const last = this.#waiting.at(-1);
    if (last && floods(last.event, event)) {
      last.event = event;
      last.times += 1;
    } else {
      this.#waiting.push({ event, times: 1 });
      if (this.#waiting.length > LINES) this.#waiting.shift();
    }
  }

  render() {
    if (!this.#waiting.length) return;
    const pinned = this.frame.scrollHeight - this.frame.scrollTop - this.frame.clientHeight < PINNED;
    for (const { event, times } of this.#waiting.splice(0)) this.#write(event, times);
    while (this.list.childElementCount > LINES) this.#oldest()?.remove();
    if (pinned) this.frame.scrollTop = this.frame.scrollHeight;
  }

  /** The line to remove: the oldest frame or request, so that handshakes, heartbeats and closes stay visible. */
  #oldest() {
    return this.list.querySelector("[data-kind=frame], [data-kind=request]") ?? this.list.firstElementChild;
  }

  #write(event, times) {
    const last = this.#last;
    const same = last !== null && floods(last, event);
    const line = { kind: event.kind, up: event.up, times: times + (same ? last.times : 0), node: row(event) };
    if (line.times > 1) line.node.querySelector(".wire-size")?.append(` ×${line.times}`);
    if (same) last.node.replaceWith(line.node);
    else this.list.append(line.node);
    this.#last = line;
  }
}

/** @param {{kind: string, up: boolean}} one @param {TraceEvent} other */
function floods(one, other) {
  return other.kind === "frame" && one.kind === other.kind && one.up === other.up;
}

/** @param {TraceEvent} event */
function row({ kind, up, text, bytes }) {
  const way = up ? gettext("sent") : gettext("received");
  return h(
    "li",
    { "data-kind": kind, "data-way": up ? "up" : "down" },
    h("span", { class: "wire-way", "aria-hidden": "true" }, up ? "↑" : "↓"),
    h("span", { class: "wire-kind" }, KINDS[kind] ?? kind, h("span", { class: "hidden" }, ` ${way}`)),
    h("span", { class: "wire-size" }, size(bytes)),
    h("code", { dir: "ltr" }, text.trim()),
  );
}
