/** The bell of this page keeps no connection of its own: it asks now and then, and is told by the cards (lab.js). */
document.querySelector("notification-bell")?.setAttribute("transport", "short-poll");
