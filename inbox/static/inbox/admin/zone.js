// Tells the server the browser's time zone, in a cookie: from the next page on, times are in it. (Each page names its zone.)
"use strict";

document.cookie = `reddot_timezone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;
