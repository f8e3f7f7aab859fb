/*
 * One item as a row of a list, on the inbox page and in the bell's panel. Its controls have data-act; what clicks mean is in
 * clicks.js. `look` is what a list decides for its rows: {language, labelOf(type): the name of an event type, site: what
 * links in texts are relative to}.
 */

import { h, setText } from "../dom.js";
import { face, orInitials } from "../face.js";
import { showHtml } from "../html.js";
import { gettext, interpolate, ngettext } from "../i18n.js";
import { icon, typeIcon } from "../icons.js";
import { buttonLinks, levelWord } from "../item.js";
import { localTimes, momentElement, refreshTimes, timeElement } from "../times.js";
import { dropText, watchText } from "./fold.js";
import { fullStop, nameOf, saidBefore } from "./wording.js";

const ACTS = ["star", "snooze", "wake", "read", "archive", "delete"];

/** The parts that no item changes; `updateRow` fills in the others. */
export function buildRow(item, look) {
  const row = h("li", { class: "rd-row", "data-ref": item.ref },
    h("span", { class: "rd-dot" }),
    h("span", { class: "rd-kind", title: look.labelOf(item.type) }, typeIcon(item.type)),
    h("div", { class: "rd-text", dir: "auto" }),
    h("time", { class: "rd-time", hidden: true }),
    moreButton(),
    h("div", { class: "rd-acts" }, ...ACTS.map(actionButton)));
  row.look = look;
  return row;
}

/** Take over a row that the server has made of this item (templates/inbox/page/row.html). Its times are in the server's words, and
 * nothing unfolds in it without scripts. */
export function adoptRow(row, item, look) {
  Object.assign(row, { item, look });
  for (const name of item.thread ? ["open", "more"] : ["more"]) row.querySelector(`[data-act="${name}"]`).ariaExpanded = "false";
  showTime(row, item);
  showButtons(row, item); // those of the server send a form
  showUntil(row, item);
  const rich = row.querySelector(".rd-rich");
  if (rich) localTimes(rich, look.language);
  const text = row.querySelector(".rd-body");
  if (text) watchText(text);
  const picture = row.querySelector(".rd-picture");
  if (picture) orInitials(picture, item.actor.name);
}

/* Which function shows which fields. */
const PARTS = [
  [showTitle, ["title", "href", "level", "lang"]],
  [showFace, ["actor"]],
  [showBody, ["body", "body_html", "lang"]],
  [showButtons, ["buttons", "pressed"]],
  [showThread, ["thread", "items", "unread"]],
  [showUntil, ["snoozed_until"]],
  [showTime, ["created_at"]],
];

/** Bring a row up to date. Only what differs is written, so focus, selection and scroll position survive. */
export function updateRow(row, item) {
  for (const [show, fields] of PARTS) {
    if (fields.some((field) => JSON.stringify(row.item?.[field]) !== JSON.stringify(item[field]))) show(row, item);
  }
  row.item = item;
  showState(row, item);
  refreshTimes(row, row.look.language); // its day may be over
}

function showState(row, item) {
  row.classList.toggle("rd-unread", !item.read);
  row.classList.toggle("rd-starred", item.starred);
  setText(row.querySelector(".rd-before"), saidBefore(item));
  const [star, snooze, wake, read, archive, remove] = ACTS.map((name) => row.querySelector(`[data-act="${name}"]`));
  const name = (button, text, symbol) => label(button, nameOf(text, item.title, row.look.language), symbol);
  name(row.querySelector('[data-act="more"]'), gettext("More"), "more");
  name(star, gettext("Star"), "star");
  name(snooze, gettext("Snooze"), "snooze");
  name(wake, gettext("Wake now"), "wake");
  if (item.read) name(read, gettext("Mark as unread"), "unread");
  else name(read, gettext("Mark as read"), "read");
  if (item.archived) name(archive, gettext("Move to inbox"), "unarchive");
  else name(archive, gettext("Archive"), "archive");
  name(remove, gettext("Delete"), "delete");
  star.ariaPressed = String(item.starred);
  snooze.ariaHasPopup = "dialog";
  wake.hidden = !item.snoozed_until;
  read.hidden = item.archived || Boolean(item.snoozed_until);
}

/* CSS stretches the title over the whole row. Without a link it is a button that marks as read. */
function showTitle(row, item) {
  row.querySelector(".rd-kind").className = `rd-kind rd-${item.level}`;
  const [tag, old] = [item.href ? "a" : "button", row.querySelector('[data-act="open"]')];
  const title = old?.localName === tag ? old : h(tag, { class: "rd-title", "data-act": "open" });
  if (item.href) title.href = item.href;
  else title.type = "button";
  // <bdi>: the word is in the page's language; the direction of the title is decided by its own text alone.
  const word = levelWord(item.level);
  const level = word ? [h("bdi", { class: `rd-level rd-${item.level}` }, word), " "] : [];
  title.replaceChildren(h("bdi", { class: "rd-hidden rd-before" }), ...level, h("span", { lang: item.lang || null }, item.title),
    ...saidAfter(item, row.look.language));
  if (title !== old) replace(row.querySelector(".rd-text"), old, title);
}

/* The time is the last part of the name, and what is seen of it is not read once more. */
export function saidAfter({ title, created_at: moment }, language) {
  const stop = fullStop(title, language);
  const parts = [stop ? h("span", { class: "rd-stop" }, stop) : null, h("bdi", { class: "rd-hidden" }, moment ? timeElement(moment, language) : null)];
  return parts.filter(Boolean);
}

function showFace(row, { actor, type }) {
  row.querySelector(".rd-kind").replaceChildren(...kindOf(type, actor));
}

/**
 * The type's icon, or the actor's face with the icon at its edge. A click on it leads to the actor, if `href` says where; the
 * keyboard has the title, which names them.
 */
export function kindOf(type, actor, href = actor?.href) {
  if (!actor) return [typeIcon(type)];
  const shown = face(actor, 34);
  const link = href ? h("a", { class: "rd-face", href, tabindex: "-1", "aria-hidden": "true" }, shown) : shown;
  return [link, h("span", { class: "rd-mark" }, typeIcon(type))];
}

/* Put `next` in the place of `old`, with its focus. */
function replace(parent, old, next) {
  const focused = old?.matches(":focus");
  if (old) old.replaceWith(next);
  else parent.prepend(next);
  if (focused) next.focus({ preventScroll: true });
}

function showBody(row, item) {
  dropText(row);
  const text = richBody(item, row.look) ?? plainBody(item);
  if (!text) return void row.querySelector('[data-act="fold"]')?.remove();
  (row.querySelector(".rd-size") ?? row.querySelector('[data-act="open"]')).after(text);
  watchText(text);
}

/* Each paragraph of HTML has a direction of its own. A template loads nothing before its links are right. */
function richBody({ body_html: html, lang }, { language, site }) {
  const template = h("template");
  if (!html || !showHtml(template, html)) return null;
  const { content } = template;
  for (const block of content.querySelectorAll("p, li, h1, h2, h3, h4, h5, h6, blockquote, th, td")) block.dir = "auto";
  if (new URL(site).origin !== location.origin) moveLinks(content, site);
  localTimes(content, language);
  const body = h("div", { class: "rd-body rd-rich", lang: lang || null });
  body.append(content);
  return body;
}

/* The bell may be on a page of another site. */
function moveLinks(content, site) {
  for (const name of ["href", "src"]) {
    for (const each of content.querySelectorAll(`[${name}]`)) each.setAttribute(name, new URL(each.getAttribute(name), site).href);
  }
}

function plainBody({ body, lang }) {
  return body ? h("p", { class: "rd-body", dir: "auto", lang: lang || null }, body) : null;
}

function showButtons(row, item) {
  const focused = row.querySelector(".rd-links :focus")?.dataset.button;
  row.querySelector(".rd-links")?.remove();
  if (!item.buttons.length) return;
  row.querySelector(".rd-text").append(h("p", { class: "rd-links" }, ...buttonLinks(item, { class: "rd-button" })));
  if (focused) row.querySelector(`[data-button="${focused}"]`)?.focus({ preventScroll: true });
}

/* The title of a thread unfolds its items (parts.js). */
function showThread(row, { thread, items, unread }) {
  row.querySelector(".rd-size")?.remove();
  const title = row.querySelector('[data-act="open"]');
  if (!thread) return title.removeAttribute("aria-expanded");
  title.ariaExpanded ??= "false";
  const size = interpolate(ngettext("%(n)s notification", "%(n)s notifications", items), { n: items });
  const news = unread ? interpolate(ngettext("%(n)s unread", "%(n)s unread", unread), { n: unread }) : "";
  title.after(h("p", { class: "rd-size", "aria-hidden": "true" }, h("bdi", {}, [size, news].filter(Boolean).join(" · "))));
}

function showUntil(row, item) {
  row.querySelector(".rd-until")?.remove();
  if (!item.snoozed_until) return;
  const until = h("p", { class: "rd-until" }, h("bdi", {}, `${gettext("Snoozed until:")} `, momentElement(new Date(item.snoozed_until), row.look.language)));
  row.querySelector(".rd-text").append(until);
}

function showTime(row, item) {
  const time = item.created_at ? timeElement(item.created_at, row.look.language) : h("time", { hidden: true });
  time.className = "rd-time";
  time.ariaHidden = "true";
  row.querySelector(".rd-time").replaceWith(time);
  row.querySelector(".rd-title > .rd-hidden:last-child").replaceChildren(...(item.created_at ? [timeElement(item.created_at, row.look.language)] : []));
}

function actionButton(name) {
  return h("button", { class: "rd-act", type: "button", "data-act": name });
}

/* Opens the actions where nothing hovers and there is little room. */
function moreButton() {
  const button = actionButton("more");
  button.classList.add("rd-more-acts");
  button.ariaExpanded = "false";
  return button;
}

/* A tooltip that differs from the name would be read as a description after it. */
function label(button, name, symbol) {
  if (button.ariaLabel === name) return;
  button.title = name;
  button.ariaLabel = name;
  button.replaceChildren(icon(symbol));
}
