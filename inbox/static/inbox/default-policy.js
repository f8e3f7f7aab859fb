/* A Trusted Types policy for pages with third-party scripts that create HTML from strings: jQuery in Django's admin, Swagger
 * UI. It is loaded first. Under `require-trusted-types-for 'script'` those pages need `trusted-types default`. The policy lets
 * HTML pass, whose scripts and handlers the browser ignores under a strict `script-src`. Script URLs and texts stay forbidden. */
globalThis.reddotDefaultPolicy = globalThis.trustedTypes?.createPolicy("default", { createHTML: (html) => html });
