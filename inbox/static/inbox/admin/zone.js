// Tells the server the browser's time zone, in a cookie. When that is news, the page is loaded again, with times in it.
"use strict";

{
  const cookie = `reddot_timezone=${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
  const isKnown = () => document.cookie.split("; ").includes(cookie);
  if (!isKnown()) {
    document.cookie = `${cookie}; path=/; max-age=31536000; samesite=lax`;
    const wasPosted = document.querySelector(".errornote, .messagelist") !== null; // these would be lost
    if (isKnown() && !wasPosted) location.reload();
  }
}
