/** The line icons of bell and inbox page, on a grid of 24 px. Drawn as paths, since <use> can't load another origin's file. */

/** By event type. */
const TYPES = {
  comment: "M20 11.5c0 4.1-3.8 7.5-8.5 7.5-1.2 0-2.3-.2-3.3-.6L4 20l1.2-3.7A7 7 0 0 1 3 11.5C3 7.4 6.8 4 11.5 4S20 7.4 20 11.5Z",
  follow: "M10 11.6a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2ZM3.5 20a6.5 6.5 0 0 1 13 0M19 8v6M16 11h6",
  like: "M12 20s-7.5-4.6-9.2-9A5 5 0 0 1 12 6.6 5 5 0 0 1 21.2 11C19.5 15.4 12 20 12 20Z",
  mention: "M12 15.6a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2ZM15.6 8.4v4.7a2.5 2.5 0 0 0 5 0V12a8.6 8.6 0 1 0-3.4 6.8",
  share: "M21 3 10 14M21 3l-7 18-4-7-7-4 18-7Z",
  system: "M5.5 4.5h13a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2ZM8.5 20h7M12 16.5V20",
  broadcast: "M4 10v4h3l8 4V6L7 10H4ZM18.5 9.5a3.5 3.5 0 0 1 0 5M8 14.5l1.2 5",
};

const DOT = "a.8.8 0 1 0 1.6 0a.8.8 0 1 0-1.6 0";
const BOX = "M5.5 4.5h13a1 1 0 0 1 1 1V8a1 1 0 0 1-1 1h-13a1 1 0 0 1-1-1V5.5a1 1 0 0 1 1-1ZM5 9v10.5h14V9";

const PATHS = {
  bell: "M6 9.5a6 6 0 0 1 12 0c0 4.5 2 6 2 6H4s2-1.5 2-6M10 19a2.2 2.2 0 0 0 4 0",
  checks: "m2.5 12.5 4 4 8-9M11.5 15l1.5 1.5 8-9",
  close: "m7 7 10 10M17 7 7 17",
  tray: "M4 13.5 6.4 6a2 2 0 0 1 1.9-1.5h7.4A2 2 0 0 1 17.6 6l2.4 7.5V18a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18v-4.5ZM4 13.5h4.6l1 2.5h4.8l1-2.5H20",
  offline: "m4 4 16 16M8 8a6 6 0 0 0-1 11h9.5M19.3 16.4A4.2 4.2 0 0 0 17 9.6a6 6 0 0 0-6.3-3.2",
  door: "M13.5 4.5h4a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-4M4.5 12h10M11 8.5l3.5 3.5-3.5 3.5",
  read: "m5 12.5 4.5 4.5L19 7.5",
  unread: "M12 17.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Z",
  archive: `${BOX}M10 13h4`,
  unarchive: `${BOX}M12 17.5v-5M9.7 14.3 12 12l2.3 2.3`,
  delete: "M4.5 7h15M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10.2 11v5M13.8 11v5",
  star: "m12 4 2.5 5.1 5.6.8-4 4 .9 5.6-5-2.7-5 2.7.9-5.6-4-4 5.6-.8L12 4Z",
  snooze: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 8v4.4l2.8 1.8",
  wake: "M6 9.5a6 6 0 0 1 12 0c0 4.5 2 6 2 6H4s2-1.5 2-6M10 19a2.2 2.2 0 0 0 4 0",
  more: `M4.2 12${DOT}M11.2 12${DOT}M18.2 12${DOT}`,
};

const SVG = "http://www.w3.org/2000/svg";
const STROKE = { fill: "none", stroke: "currentColor", "stroke-width": "1.75", "stroke-linecap": "round", "stroke-linejoin": "round" };

/** @param {string} name of PATHS @returns {SVGElement} decorative, hidden from screen readers */
export function icon(name) {
  return draw(PATHS[name]);
}

/** The icon of an event type; a bell for a site's own types. @param {string} type */
export function typeIcon(type) {
  return draw(Object.hasOwn(TYPES, type) ? TYPES[type] : PATHS.bell);
}

/** @param {string} path @returns {SVGElement} */
function draw(path) {
  const svg = element("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", ...STROKE });
  svg.append(element("path", { d: path }));
  return svg;
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
