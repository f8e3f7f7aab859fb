/** One announcement as a banner. The server renders the same (templates/push/notice.html). @import {Item} from "../client/types.js" */
import { showHtml } from "../../inbox/shared/html.js";
import { h } from "../../inbox/shared/dom.js";
import { gettext } from "../../inbox/shared/i18n.js";
import { icon } from "../../inbox/shared/icons.js";
import { levelWord } from "../../inbox/shared/item.js";
import { nameOf } from "../../inbox/shared/rows/wording.js";
import { localTimes } from "../../inbox/shared/times.js";
import { markOf } from "../../inbox/shared/trial.js";

/** @param {Item} item @param {string} language @returns {HTMLElement} */
export function noticeOf(item, language) {
  const notice = h("li", { class: "rd-notice" });
  fillNotice(notice, item, language);
  return notice;
}

/** Does nothing if the item has not changed. @param {any} notice @param {Item} item @param {string} language */
export function fillNotice(notice, item, language) {
  const shown = JSON.stringify(item);
  if (notice.shown === shown) return;
  notice.shown = shown;
  notice.dataset.ref = item.ref;
  notice.dataset.level = item.level;
  const id = `rd-notice-${item.ref}`;
  const words = h("div", { class: "rd-notice-words" }, titleOf(item, id), ...textOf(item, language));
  const close = nameOf(gettext("Close"), item.title, language);
  const shut = h("button", { class: "rd-notice-shut", type: "button", "data-act": "close", title: close, "aria-label": close }, icon("close"));
  notice.replaceChildren(words, ...buttonsOf(item), shut);
  finishNotice(notice, language);
}

/** What only scripts do, with a banner of the server too. @param {HTMLElement} notice @param {string} language */
export function finishNotice(notice, language) {
  const text = /** @type {HTMLElement|null} */ (notice.querySelector(".rd-notice-text"));
  if (!text) return;
  localTimes(text, language); // but those that early.js or the server has done
  // What scrolls can be scrolled by keyboard.
  requestAnimationFrame(() => { if (text.scrollHeight > text.clientHeight) text.tabIndex = 0; });
}

/** What there is to say before, and the title, which is a link if the item has one. @param {Item} item @param {string} id */
export function titleOf(item, id, tag = "p") {
  const word = levelWord(item.level);
  const level = word ? [h("bdi", { class: "rd-notice-level" }, word), " "] : [];
  const mark = markOf(item).flatMap((each) => [h("bdi", { class: "rd-notice-trial" }, each), " "]);
  const lang = item.lang || null;
  const title = item.href ? h("a", { href: item.href, lang, "data-act": "open" }, item.title) : h("span", { lang }, item.title);
  return h(tag, { class: "rd-notice-title", id, dir: "auto" }, ...mark, ...level, title);
}

/** No element or one. @param {Item} item @param {string} language */
export function textOf(item, language) {
  const rich = h("div", { class: "rd-notice-text rd-rich", dir: "auto", lang: item.lang || null });
  if (item.body_html && showHtml(rich, item.body_html)) return [rich];
  return item.body ? [h("p", { class: "rd-notice-text", dir: "auto", lang: item.lang || null }, item.body)] : [];
}

/** No element or one. @param {Item} item */
export function buttonsOf(item) {
  const links = (item.buttons ?? []).map(({ at, label, lang, href }) =>
    h("a", { class: "rd-notice-button", href, lang: lang || null, "data-button": String(at), "data-act": "follow" }, label));
  return links.length ? [h("div", { class: "rd-notice-buttons" }, ...links)] : [];
}
