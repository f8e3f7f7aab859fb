/* One item as a list row. The row's controls carry data-act; list.js and actions.js listen above them. */

import { showHtml } from "./html.js";
import { fullTime, gettext, shortTime } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** `sprite`: address of icons.svg; `kind`: {icon, label} of the item's type. */
export function buildRow(item, kind, sprite) {
  const row = make("li", "rd-row");
  row.dataset.ref = item.ref;
  row.append(
    make("span", "rd-dot", "", make("span", "rd-hidden")),
    badge(kind, sprite),
    auto(make("div", "rd-text")),
    make("time", "rd-time"),
    moreActs(sprite),
    make("div", "rd-acts", "", act("read", sprite), act("archive", sprite), act("delete", sprite)),
  );
  updateRow(row, item, sprite);
  return row;
}

/* What shows which fields. */
const PARTS = [
  [showTitle, ["title", "href", "level"]],
  [showBody, ["body", "body_html"]],
  [showTime, ["created_at"]],
];

/** Bring a row up to date with its item. Only what has changed is written: focus, selection and scroll stay. */
export function updateRow(row, item, sprite) {
  for (const [show, fields] of PARTS) {
    if (fields.some((field) => row.item?.[field] !== item[field])) show(row, item);
  }
  row.item = item;
  showMarks(row, item, sprite);
  tick(row);
}

function showMarks(row, item, sprite) {
  row.classList.toggle("rd-unread", !item.read);
  const state = row.querySelector(".rd-dot > *");
  const word = item.read ? "" : gettext("Unread");
  if (state.textContent !== word) state.textContent = word;
  const [read, archive] = ["read", "archive"].map((name) => row.querySelector(`[data-act="${name}"]`));
  name(read, item.read ? gettext("Mark as unread") : gettext("Mark as read"), item.read ? "unread" : "read", sprite);
  const [label, symbol] = item.archived ? [gettext("Move to inbox"), "unarchive"] : [gettext("Archive"), "archive"];
  name(archive, label, symbol, sprite);
  read.hidden = item.archived;
}

/** Bring a row's age up to date. */
export function tick(row) {
  const stamp = row.querySelector("time");
  if (stamp.hidden) return;
  const text = shortTime(new Date(stamp.dateTime));
  if (stamp.textContent !== text) stamp.textContent = text;
}

function make(tag, className, text = "", ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...(text ? [text] : []), ...children);
  return element;
}

function icon(name, sprite) {
  const [svg, use] = ["svg", "use"].map((tag) => document.createElementNS(SVG, tag));
  use.setAttribute("href", `${sprite}#${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

function badge(kind, sprite) {
  const element = make("span", "rd-kind", "", icon(kind.icon, sprite));
  element.title = kind.label;
  return element;
}

/* The whole row is the title's target (CSS stretches it); without a link it is a button that marks as read. */
function showTitle(row, item) {
  row.querySelector(".rd-kind").className = `rd-kind rd-${item.level}`;
  const [tag, old] = [item.href ? "a" : "button", row.querySelector('[data-act="open"]')];
  const title = old?.localName === tag ? old : make(tag, "rd-title");
  title.dataset.act = "open";
  if (item.href) title.href = item.href;
  else title.type = "button";
  // <bdi>: the word is in the page's language, so the title alone decides in which direction it is laid out.
  const word = { warning: gettext("Warning"), critical: gettext("Critical") }[item.level];
  const level = word ? [make("bdi", `rd-level rd-${item.level}`, word), " "] : [];
  title.replaceChildren(...level, make("span", "", item.title));
  if (title !== old) put(row.querySelector(".rd-text"), old, title);
}

/* `next` in the place of `old`, with its focus. */
function put(place, old, next) {
  const focused = old !== null && old === document.activeElement;
  if (old) old.replaceWith(next);
  else place.prepend(next);
  if (focused) next.focus({ preventScroll: true });
}

function showBody(row, item) {
  row.querySelector(".rd-body")?.remove();
  row.querySelector(".rd-text").append(...body(item));
}

/* → nothing, or the one element; with HTML each of its paragraphs has a direction of its own. */
function body(item) {
  const rich = make("div", "rd-body rd-rich");
  if (item.body_html && showHtml(rich, item.body_html)) {
    for (const block of rich.querySelectorAll("p, li, h1, h2, h3, h4, blockquote")) auto(block);
    return [rich];
  }
  return item.body ? [auto(make("p", "rd-body", item.body))] : [];
}

function showTime(row, item) {
  const stamp = row.querySelector("time");
  stamp.hidden = !item.created_at;
  if (stamp.hidden) return;
  stamp.dateTime = item.created_at;
  stamp.title = fullTime(new Date(item.created_at));
}

/* Laid out in the direction of its own text, and isolated from what is around it. */
function auto(element) {
  element.dir = "auto";
  return element;
}

function act(name_, sprite) {
  const button = make("button", "rd-act");
  button.type = "button";
  button.dataset.act = name_;
  name(button, gettext("Delete"), name_, sprite);
  return button;
}

/* Where nothing hovers and room is short, the actions unfold from here. */
function moreActs(sprite) {
  const button = act("more", sprite);
  name(button, gettext("More"), "more", sprite);
  button.classList.add("rd-more-acts");
  button.ariaExpanded = "false";
  return button;
}

function name(button, label, symbol, sprite) {
  if (button.title === label) return;
  button.title = label;
  button.ariaLabel = label;
  button.replaceChildren(icon(symbol, sprite));
}
