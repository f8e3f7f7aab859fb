/* The face of an actor: a picture, or initials where there is none or it can't be loaded. It says nothing: the name is in the
 * title beside it. */

import { h } from "./dom.js";

const segments = globalThis.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;

/**
 * What stands in the circle of that many pixels. Its size is fixed, so that nothing moves when the picture is there.
 * @param {{name: string, picture: string}} actor @param {number} size @returns {any}
 */
export function face({ name, picture }, size) {
  if (!picture) return initialsElement(name);
  const attributes = { class: "rd-picture", alt: "", width: size, height: size, loading: "lazy", decoding: "async" };
  const image = h("img", { ...attributes, referrerpolicy: "no-referrer" });
  orInitials(image, name);
  image.src = picture; // after `loading`
  return image;
}

/** Where the picture can't be loaded, the initials stand in its place. @param {HTMLImageElement} image @param {string} name */
export function orInitials(image, name) {
  const replace = () => image.replaceWith(initialsElement(name));
  if (image.src && image.complete && !image.naturalWidth) replace();
  else image.addEventListener("error", replace);
}

/** @param {string} name @returns {any} */
function initialsElement(name) {
  return h("span", { class: "rd-initials", "aria-hidden": "true" }, initialsOf(name));
}

/** Of the first and the last word; of one word, its first letter. @param {string} name */
export function initialsOf(name) {
  const words = name.split(/[\s\u2066-\u2069]+/u).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return ends.map(first).join("").toUpperCase();
}

function first(text) {
  return segments ? [...segments.segment(text)][0].segment : [...text][0];
}
