/** Makes this page's bell use short polls: lab.js passes it the snapshots of the cards. */
document.querySelector("notification-bell")?.setAttribute("transport", "short-poll");
