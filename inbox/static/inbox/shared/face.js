/* The face of an actor: a picture, or initials where there is none or it can't be loaded. It says nothing: the name is in the
 * title beside it. */

import { h } from "./dom.js";

const segments = globalThis.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;

/**
 * What stands in the circle of that many pixels. Its size is fixed, so that nothing moves when the picture is there.
 * @param {{name: string, picture: string}} actor @param {number} size @returns {any}
 */
export function face({ name, picture }, size) {
  const initials = h("span", { class: "rd-initials", "aria-hidden": "true" }, initialsOf(name));
  if (!picture) return initials;
  const attributes = { class: "rd-picture", alt: "", width: size, height: size, loading: "lazy", decoding: "async" };
  const image = h("img", { ...attributes, referrerpolicy: "no-referrer", onerror: () => image.replaceWith(initials) });
  image.src = picture; // after `loading`
  return image;
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
