/* The one place where HTML of the server becomes part of the page. It was sanitised there (inbox/rendering/markup.py). */

let policy; // undefined: not asked for yet; null: the page's Content-Security-Policy forbids it

/** Fill `element` with `html`. Returns false where Trusted Types forbid it: `trusted-types reddot` is missing. */
export function showHtml(element, html) {
  policy = policy === undefined ? makePolicy() : policy;
  if (!policy) return false;
  element.innerHTML = policy.createHTML(html);
  return true;
}

function makePolicy() {
  const rules = { createHTML: (html) => html };
  if (!globalThis.trustedTypes) return rules;
  try {
    return trustedTypes.createPolicy("reddot", rules);
  } catch (error) {
    console.warn("Red Dot: announcements are shown as plain text; allow the policy: trusted-types reddot", error);
    return null;
  }
}
