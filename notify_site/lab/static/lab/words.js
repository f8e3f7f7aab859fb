/** Numbers and units as text in the page's language. */
import { languageOf } from "../inbox/shared/i18n.js";

export { gettext, interpolate, ngettext } from "../inbox/shared/i18n.js";

const language = languageOf(document.documentElement.lang);
const whole = new Intl.NumberFormat(language);
const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const shares = new Intl.NumberFormat(language, { style: "percent" });

export const NOTHING = "–";

/** @param {number} value */
export function count(value) {
  return whole.format(value);
}

/** @param {number|null} ms milliseconds; null: nothing measured */
export function duration(ms) {
  if (ms === null) return NOTHING;
  return ms < 1000 ? `${whole.format(Math.round(ms))} ms` : `${tenths.format(ms / 1000)} s`;
}

/** @param {number|null} bytes */
export function size(bytes) {
  if (bytes === null) return NOTHING;
  if (bytes < 1000) return `${whole.format(Math.round(bytes))} B`;
  return bytes < 1e6 ? `${tenths.format(bytes / 1000)} kB` : `${tenths.format(bytes / 1e6)} MB`;
}

/** @param {number} share 0 to 1 */
export function percent(share) {
  return shares.format(share);
}
