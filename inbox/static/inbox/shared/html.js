/* Inserts HTML of announcements, the only HTML that comes from the server. The server has sanitised it (inbox/rendering/markup.py). */

let policy; // undefined: not created yet; null: the page's Content-Security-Policy forbids it

/** Fill `element` with `html`. Returns false if Trusted Types forbid it (`trusted-types reddot` is missing). */
export function showHtml(element, html) {
  if (policy === undefined) policy = makePolicy();
  if (!policy) return false;
  element.innerHTML = policy.createHTML(html);
  return true;
}

function makePolicy() {
  const rules = { createHTML: (html) => html };
  if (!globalThis.trustedTypes) return rules;
  if (globalThis.reddotDefaultPolicy) return globalThis.reddotDefaultPolicy; // in Django's admin (default-policy.js)
  try {
    return trustedTypes.createPolicy("reddot", rules);
  } catch (error) {
    console.warn("Red Dot: announcements are shown as plain text. To show their markup, allow the policy: trusted-types reddot", error);
    return null;
  }
}
