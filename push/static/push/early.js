/* A classic script right behind <broadcast-banners>, which the rest of the page waits for: what changes the height of rendered
 * banners happens before anything below them is painted. Moments are shown in the browser's time zone, and what a visitor has
 * closed is left out, as times.js and visitor-announcements.js do it. */
(() => {
  const element = /** @type {HTMLElement} */ (document.currentScript.previousElementSibling);
  try {
    if (element.hasAttribute("visitors")) leaveOut(JSON.parse(localStorage.getItem("reddot-closed") ?? "[]"));
  } catch {
    // Denied, or not ours. What is closed is not known.
  }
  element.dataset.ready = "";
  const times = /** @type {HTMLTimeElement[]} */ ([...element.querySelectorAll(".rd-notice-text time[datetime]:not([data-local])")]);
  const format = times.length && new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" });
  for (const time of times) {
    time.title = time.textContent;
    time.textContent = format.format(new Date(time.dateTime));
    time.dataset.local = "";
  }

  /** @param {string[]} closed */
  function leaveOut(closed) {
    const section = element.querySelector(".rd-notices");
    const [first, rest] = section.querySelectorAll(":scope > ul, :scope > details > ul");
    for (const notice of section.querySelectorAll("li[data-key]")) {
      if (closed.includes(/** @type {HTMLElement} */ (notice).dataset.key)) notice.remove();
    }
    while (first.childElementCount < 2 && rest.firstElementChild) first.append(rest.firstElementChild);
    /** @type {HTMLElement} */ (rest.parentElement).hidden = !rest.firstElementChild;
    section.hidden = !first.firstElementChild;
  }

  function language() {
    try {
      return Intl.getCanonicalLocales(element.getAttribute("language"))[0] ?? "en";
    } catch {
      return "en";
    }
  }
})();
