/* Tells the server the browser's time zone, so that the next page comes with its days and times (page/times.py). */

const NAME = "reddot-zone";
const YEAR = 365 * 24 * 60 * 60; // seconds

/** In a cookie of the inbox page alone. A site that denies cookies has nobody signed in. */
export function tellZone() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (timeZone) document.cookie = `${NAME}=${timeZone}; Path=${location.pathname}; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}
