/* One item as a list row. The row's controls carry data-act; list.js and actions.js listen above them. */

import { fullTime, gettext, shortTime } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** `sprite`: address of icons.svg; `kind`: {icon, label} of the item's type. */
export function buildRow(item, kind, sprite) {
  const row = make("li", "rd-row");
  row.dataset.ref = item.ref;
  row.append(
    make("span", "rd-dot", "", make("span", "rd-hidden")),
    badge(item, kind, sprite),
    make("div", "rd-text", "", title(item), body(item)),
    time(item),
    moreActs(sprite),
    make("div", "rd-acts", "", act("read", sprite), act("archive", sprite), act("delete", sprite)),
  );
  updateRow(row, item, sprite);
  return row;
}

/** Show what may change: read, archived, the age. */
export function updateRow(row, item, sprite) {
  row.classList.toggle("rd-unread", !item.read);
  row.querySelector(".rd-dot > *").textContent = item.read ? "" : gettext("Unread");
  const [read, archive] = ["read", "archive"].map((name) => row.querySelector(`[data-act="${name}"]`));
  name(read, item.read ? gettext("Mark as unread") : gettext("Mark as read"), item.read ? "unread" : "read", sprite);
  const [label, symbol] = item.archived ? [gettext("Move to inbox"), "unarchive"] : [gettext("Archive"), "archive"];
  name(archive, label, symbol, sprite);
  read.hidden = item.archived;
  tick(row);
}

/** Bring a row's age up to date. */
export function tick(row) {
  const stamp = row.querySelector("time");
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

function badge(item, kind, sprite) {
  const element = make("span", `rd-kind rd-${item.level}`, "", icon(kind.icon, sprite));
  element.title = kind.label;
  return element;
}

/* The whole row is the title's target (CSS stretches it); without a link it is a button that marks as read. */
function title(item) {
  const link = safe(item.url);
  const element = make(link ? "a" : "button", "rd-title", item.title);
  if (link) element.href = link;
  else element.type = "button";
  element.dataset.act = "open";
  const word = { warning: gettext("Warning"), critical: gettext("Critical") }[item.level];
  if (word) element.prepend(make("strong", `rd-level rd-${item.level}`, word), " ");
  return element;
}

function body(item) {
  if (!item.body_html) return item.body ? make("p", "rd-body", item.body) : "";
  const element = make("div", "rd-body rd-rich");
  element.innerHTML = item.body_html; // sanitised by the server
  return element;
}

function time(item) {
  const date = new Date(item.created_at);
  const element = make("time", "rd-time");
  element.dateTime = item.created_at;
  element.title = fullTime(date);
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

/* http(s) only, wherever the link came from. */
function safe(url) {
  if (!url) return "";
  const { protocol, href } = new URL(url, location.href);
  return ["http:", "https:"].includes(protocol) ? href : "";
}
