/** Building and updating DOM, without innerHTML (Trusted Types) and without inline styles or handlers (strict CSP). */

/**
 * Create an element. Functions named `on…` become listeners; false, null and undefined are left out.
 * @param {string} tag @param {Record<string, any>} attributes @param {...(Node|string|null)} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value != null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Make the children of `parent` those of `keys`, in that order. Nodes that stay are not moved, so they keep focus, scroll
 * position and hover.
 * @param {Element} parent @param {Map<string, Element>} known key → child; updated
 * @param {string[]} keys @param {(key: string) => Element} make
 */
export function reconcile(parent, known, keys, make) {
  const wanted = new Set(keys);
  for (const [key, node] of known) {
    if (!wanted.has(key)) { node.remove(); known.delete(key); }
  }
  let next = parent.firstElementChild;
  for (const key of keys) {
    const node = known.get(key) ?? make(key);
    known.set(key, node);
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
}

/** Write only what differs: a selection, or a screen reader's position, survives. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Whether a click follows a link in this tab, rather than opening it elsewhere. @param {MouseEvent} event */
export function isPlainClick(event) {
  return !(event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
}

/**
 * Call `dismiss` after `ms`, counted anew after each hover and focus of `element`.
 * @param {Element} element @param {number} ms @param {() => void} dismiss
 */
export function dismissTimer(element, ms, dismiss) {
  let timer = 0;
  const stop = () => clearTimeout(timer);
  const start = () => { stop(); timer = setTimeout(dismiss, ms); };
  for (const event of ["pointerenter", "focusin"]) element.addEventListener(event, stop);
  // Pointer and keyboard each hold it. A click leaves a focus behind, which is not seen and holds nothing.
  element.addEventListener("pointerleave", () => element.matches(":has(:focus-visible)") || start());
  element.addEventListener("focusout", ({ relatedTarget }) => element.contains(relatedTarget) || element.matches(":hover") || start());
  return { start, stop };
}
