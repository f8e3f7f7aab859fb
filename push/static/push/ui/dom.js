/** Small helpers to build DOM without innerHTML (Trusted Types) and without inline anything (strict CSP). */

/**
 * An element: attributes by name, `on…` functions as listeners, false/null/undefined left out.
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
 * Makes the children of `parent` those of `keys`, in that order, keeping the nodes that stay where they are, so that focus,
 * scroll and hover survive.
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
