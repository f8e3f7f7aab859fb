/**
 * Django's JavaScriptCatalog if the page has one (`window.gettext` …), English otherwise.
 * The names are Django's, so that `makemessages -d djangojs` finds the calls.
 */

/** @type {any} */ const catalog = window;

/** @param {string} message */
export function gettext(message) {
  return catalog.gettext?.(message) ?? message;
}

/** @param {string} singular @param {string} plural @param {number} count */
export function ngettext(singular, plural, count) {
  return catalog.ngettext?.(singular, plural, count) ?? (count === 1 ? singular : plural);
}

/** `%(name)s` in `format` become `values[name]`. @param {string} format @param {Record<string, unknown>} values */
export function interpolate(format, values) {
  return format.replace(/%\((\w+)\)s/g, (_, name) => String(values[name]));
}
