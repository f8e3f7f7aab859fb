/* Loaded first on pages of other people's scripts that write HTML from strings: jQuery in Django's administration, Swagger
 * UI. Under `require-trusted-types-for 'script'` those pages need `trusted-types default`. What the policy lets pass runs
 * nothing: a strict `script-src` makes browsers ignore the scripts and handlers in it. Addresses and texts of scripts stay
 * forbidden. */
globalThis.trustedTypes?.createPolicy("default", { createHTML: (html) => html });
