/**
 * Translation: Django's JavaScriptCatalog if the page has one (`window.gettext` …), English otherwise. Numbers and times
 * are not here.
 *
 * The names are Django's, so that `makemessages -d djangojs` finds the calls.
 */

/** @type {any} */ const catalog = globalThis;

/** @param {string} message */
export function gettext(message) {
  return catalog.gettext?.(message) ?? message;
}

/** @param {string} singular @param {string} plural @param {number} count */
export function ngettext(singular, plural, count) {
  return catalog.ngettext?.(singular, plural, count) ?? (count === 1 ? singular : plural);
}

/** Replace each `%(name)s` in `format` by `values[name]`. @param {string} format @param {Record<string, unknown>} values */
export function interpolate(format, values) {
  return format.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));
}

/** `name` if Intl accepts it, "en" otherwise: some pages write "en_US" or nothing. @param {string} name @returns {string} */
export function languageOf(name) {
  try {
    return Intl.getCanonicalLocales(name)[0] ?? "en";
  } catch {
    return "en";
  }
}
