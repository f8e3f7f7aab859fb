/** Line icons on a 24 px grid, drawn for this project. Unknown event types get the bell. */

const PATHS = {
  bell: "M6 9.5a6 6 0 0 1 12 0c0 4.5 2 6 2 6H4s2-1.5 2-6M10 19a2.2 2.2 0 0 0 4 0",
  comment: "M20 11.5a7.5 7.5 0 0 1-11 6.6l-4.6 1.3 1.3-4.3A7.5 7.5 0 1 1 20 11.5Z",
  follow: "M9.5 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3.5 19.5a6 6 0 0 1 12 0M18.5 8v6M15.5 11h6",
  like: "M12 19.5S4.5 15 4.5 9.6A4 4 0 0 1 12 7.6a4 4 0 0 1 7.5 2c0 5.4-7.5 9.9-7.5 9.9Z",
  mention: "M12 15.6a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2ZM15.6 8.4v4.8a2.4 2.4 0 0 0 4.8 0V12a8.4 8.4 0 1 0-3.3 6.7",
  share: "M12 14.5v-10M8 8l4-4 4 4M5 12.5v5a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-5",
  system: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 11.2V16M12 8.1v.1",
  broadcast: "M4 10v4h3l7 4.5v-13L7 10H4ZM17.6 9.2a4 4 0 0 1 0 5.6",
  checks: "m2.5 12.5 4 4 8-9M11.5 15l1.5 1.5 8-9",
  close: "m7 7 10 10M17 7 7 17",
  tray: "M4 13.5 6.4 6a2 2 0 0 1 1.9-1.5h7.4A2 2 0 0 1 17.6 6l2.4 7.5V18a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18v-4.5ZM4 13.5h4.6l1 2.5h4.8l1-2.5H20",
  cloud: "m4 4 16 16M8 8a6 6 0 0 0-1 11h9.5M19.3 16.4A4.2 4.2 0 0 0 17 9.6a6 6 0 0 0-6.3-3.2",
  door: "M13.5 4.5h4a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-4M4.5 12h10M11 8.5l3.5 3.5-3.5 3.5",
};

const SVG = "http://www.w3.org/2000/svg";

/** @param {string} name of PATHS, or any event type @returns {SVGElement} decorative: hidden from screen readers */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["class", "icon"], ["aria-hidden", "true"]]) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", Object.hasOwn(PATHS, name) ? PATHS[name] : PATHS.bell);
  svg.append(path);
  return svg;
}
