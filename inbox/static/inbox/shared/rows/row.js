/* One item as a row of the list. Its controls have data-act; clicks are handled in inbox.js. */

import { showHtml } from "../html.js";
import { h, setText } from "../dom.js";
import { face, orInitials } from "../face.js";
import { gettext, interpolate, languageOf, ngettext } from "../i18n.js";
import { icon, typeIcon } from "../icons.js";
import { buttonLinks, levelWord } from "../item.js";
import { localTimes, momentElement, refreshTimes, timeElement } from "../times.js";

const language = languageOf(document.documentElement.lang);

/** The parts that no item changes; `updateRow` fills in the others. `label`: of the item's type. */
export function buildRow(item, label) {
  return h("li", { class: "rd-row", "data-ref": item.ref },
    h("span", { class: "rd-dot" }, h("span", { class: "rd-hidden" })),
    h("span", { class: "rd-kind", title: label }, typeIcon(item.type)),
    h("div", { class: "rd-text", dir: "auto" }),
    h("time", { class: "rd-time", hidden: true }),
    moreButton(),
    h("div", { class: "rd-acts" },
      actionButton("star", gettext("Star")), actionButton("snooze", gettext("Snooze")), actionButton("wake", gettext("Wake now")),
      actionButton("read"), actionButton("archive"), actionButton("delete", gettext("Delete"))));
}

/** Take over a row that the server has made of this item (templates/inbox/page/row.html). Its times are in the server's words, and
 * nothing unfolds in it without scripts. */
export function adoptRow(row, item) {
  row.item = item;
  for (const name of item.thread ? ["open", "more"] : ["more"]) row.querySelector(`[data-act="${name}"]`).ariaExpanded = "false";
  showTime(row, item);
  showButtons(row, item); // those of the server send a form
  showUntil(row, item);
  const rich = row.querySelector(".rd-rich");
  if (rich) localTimes(rich, language);
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
  refreshTimes(row, language); // its day may be over
}

function showState(row, item) {
  row.classList.toggle("rd-unread", !item.read);
  row.classList.toggle("rd-starred", item.starred);
  const states = [item.read ? "" : gettext("Unread"), item.starred ? gettext("Starred") : ""];
  setText(row.querySelector(".rd-dot > *"), states.filter(Boolean).join(", "));
  const [star, wake, read, archive] = ["star", "wake", "read", "archive"].map((name) => row.querySelector(`[data-act="${name}"]`));
  star.ariaPressed = String(item.starred);
  row.querySelector('[data-act="snooze"]').ariaHasPopup = "dialog";
  wake.hidden = !item.snoozed_until;
  if (item.read) label(read, gettext("Mark as unread"), "unread");
  else label(read, gettext("Mark as read"), "read");
  if (item.archived) label(archive, gettext("Move to inbox"), "unarchive");
  else label(archive, gettext("Archive"), "archive");
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
  title.replaceChildren(...level, h("span", { lang: item.lang || null }, item.title));
  if (title !== old) replace(row.querySelector(".rd-text"), old, title);
}

/* In the place of the type's icon. A click on it leads to the actor; the keyboard has the title, which names them. */
function showFace(row, { actor, type }) {
  const kind = row.querySelector(".rd-kind");
  const [inner, mark] = actor ? [face(actor, 34), [h("span", { class: "rd-mark" }, typeIcon(type))]] : [typeIcon(type), []];
  const link = actor?.href ? h("a", { class: "rd-face", href: actor.href, tabindex: "-1", "aria-hidden": "true" }, inner) : inner;
  kind.replaceChildren(link, ...mark);
}

/* Put `next` in the place of `old`, with its focus. */
function replace(parent, old, next) {
  const focused = old !== null && old === document.activeElement;
  if (old) old.replaceWith(next);
  else parent.prepend(next);
  if (focused) next.focus({ preventScroll: true });
}

function showBody(row, item) {
  row.querySelector(".rd-body")?.remove();
  row.querySelector('[data-act="open"]').after(...body(item));
}

/* No element or one. Each paragraph of HTML has a direction of its own. */
function body(item) {
  const rich = h("div", { class: "rd-body rd-rich", lang: item.lang || null });
  if (item.body_html && showHtml(rich, item.body_html)) {
    for (const block of rich.querySelectorAll("p, li, h1, h2, h3, h4, h5, h6, blockquote, th, td")) block.dir = "auto";
    localTimes(rich, language);
    return [rich];
  }
  return item.body ? [h("p", { class: "rd-body", dir: "auto", lang: item.lang || null }, item.body)] : [];
}

function showButtons(row, item) {
  const focused = row.querySelector(".rd-links :focus")?.dataset.button;
  row.querySelector(".rd-links")?.remove();
  if (!item.buttons.length) return;
  row.querySelector(".rd-text").append(h("p", { class: "rd-links" }, ...buttonLinks(item, { class: "rd-button" })));
  if (focused) row.querySelector(`[data-button="${focused}"]`)?.focus({ preventScroll: true });
}

/* The title of a thread unfolds its items (thread.js). */
function showThread(row, { thread, items, unread }) {
  row.querySelector(".rd-size")?.remove();
  const title = row.querySelector('[data-act="open"]');
  if (!thread) return title.removeAttribute("aria-expanded");
  title.ariaExpanded ??= "false";
  const size = interpolate(ngettext("%(n)s notification", "%(n)s notifications", items), { n: items });
  const news = unread ? interpolate(ngettext("%(n)s unread", "%(n)s unread", unread), { n: unread }) : "";
  title.after(h("p", { class: "rd-size" }, [size, news].filter(Boolean).join(" · ")));
}

function showUntil(row, item) {
  row.querySelector(".rd-until")?.remove();
  if (!item.snoozed_until) return;
  const until = h("p", { class: "rd-until" }, `${gettext("Snoozed until:")} `, momentElement(new Date(item.snoozed_until), language));
  row.querySelector(".rd-text").append(until);
}

function showTime(row, item) {
  const time = item.created_at ? timeElement(item.created_at, language) : h("time", { hidden: true });
  time.className = "rd-time";
  row.querySelector(".rd-time").replaceWith(time);
}

function actionButton(name, text = "") {
  const button = h("button", { class: "rd-act", type: "button", "data-act": name });
  if (text) label(button, text, name);
  return button;
}

/* Opens the actions where nothing hovers and there is little room. */
function moreButton() {
  const button = actionButton("more", gettext("More"));
  button.classList.add("rd-more-acts");
  button.ariaExpanded = "false";
  return button;
}

function label(button, text, symbol) {
  if (button.title === text) return;
  button.title = text;
  button.ariaLabel = text;
  button.replaceChildren(icon(symbol));
}
