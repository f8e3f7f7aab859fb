/* What a finger and an eye meet on a phone, for test_phone.py. Each function returns what is wrong. */
({
  // Controls that a finger can miss: less than 44 pixels wide or high, and around their middle something else is hit. A link in a
  // sentence has the height of its line (WCAG 2.5.8), and what assistive technology does not see has another way.
  targets: () => {
    const SIZE = 44, found = [];
    const panel = document.querySelector("notification-bell")?.shadowRoot.querySelector(".panel:popover-open");
    const deepest = (x, y) => {
      let root = document, hit = null;
      for (;;) {
        const next = root.elementFromPoint(x, y);
        if (!next || next === hit) return hit;
        hit = next;
        if (!hit.shadowRoot) return hit;
        root = hit.shadowRoot;
      }
    };
    const above = (node) => node.parentElement ?? node.getRootNode().host;
    const within = (node, control) => {
      for (; node; node = above(node)) if (node === control || (node.localName === "label" && node.contains(control))) return true;
      return false;
    };
    const look = (root) => {
      for (const each of root.querySelectorAll("*")) if (each.shadowRoot) look(each.shadowRoot);
      for (const control of root.querySelectorAll("a[href], button, select, summary, textarea, input:not([type=hidden])")) {
        if (control.closest("[aria-hidden=true], .rd-rich, .rd-notice-text, .rd-notice-title, .skip, [inert]")) continue;
        if (document.querySelector("dialog:modal") && !control.closest("dialog:modal")) continue;
        if (panel && control.getRootNode() !== panel.getRootNode()) continue; // it lies over the page
        if (!control.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        control.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
        const box = (control.closest("label") ?? control).getBoundingClientRect();
        if (box.width >= SIZE && box.height >= SIZE) continue;
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        const ways = [[0, 0], ...(box.width < SIZE ? [[-21, 0], [21, 0]] : []), ...(box.height < SIZE ? [[0, -21], [0, 21]] : [])];
        if (ways.every(([dx, dy]) => within(deepest(x + dx, y + dy), control))) continue;
        const name = control.ariaLabel || control.title || control.textContent.trim() || control.name;
        found.push(`${control.localName} ${control.className} ${name.slice(0, 40)}: ${Math.round(box.width)} × ${Math.round(box.height)}`);
      }
    };
    look(document);
    scrollTo(0, 0);
    return [...new Set(found)];
  },

  // What reaches beyond the sides of the window, or of a dialog or panel, at each size of letters.
  tooWide: ([width, sizes]) => sizes.flatMap((size) => {
    document.documentElement.style.fontSize = size;
    const found = [];
    const page = document.scrollingElement;
    if (page.scrollWidth > width || innerWidth > width) {
      const wide = [...document.querySelectorAll("body *")].filter((each) => each.checkVisibility() && !each.closest(".rd-types, .rd-views, .rd-bar-acts, .rd-foot, dialog") &&
        (each.getBoundingClientRect().right > width + 0.5 || each.getBoundingClientRect().left < -0.5));
      found.push(`${size}: the page ${page.scrollWidth} ${innerWidth} ` + wide.map((each) => `${each.localName}.${each.getAttribute("class")}`).slice(0, 6));
    }
    const bell = document.querySelector("notification-bell")?.shadowRoot;
    const parts = [...document.querySelectorAll("dialog[open], .rd-foot > *, .rd-notices-above"), ...(bell?.querySelectorAll(".sheet, .list, .head, .toast, .line") ?? [])];
    for (const each of parts.filter((each) => each.checkVisibility())) {
      const box = each.getBoundingClientRect();
      if (each.scrollWidth > each.clientWidth + 1 || box.left < -0.5 || box.right > width + 0.5) {
        const wide = [...each.querySelectorAll("*")].filter((inner) => inner.getBoundingClientRect().right > width + 0.5 || inner.getBoundingClientRect().left < -0.5);
        found.push(`${size}: ${each.className} ${each.scrollWidth} ${each.clientWidth} ${wide.slice(0, 4).map((inner) => inner.getAttribute("class") ?? inner.localName)}`);
      }
    }
    document.documentElement.style.fontSize = "";
    return found;
  }),

  // Counts that lie over something else than the place that they have.
  overlaps: (size) => {
    document.documentElement.style.fontSize = size;
    const box = (each) => each.getBoundingClientRect();
    const meets = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;
    const found = [];
    for (const count of document.querySelectorAll(".rd-types .rd-count")) {
      if (!count.textContent) continue;
      const range = new Range();
      range.selectNodeContents(count);
      for (const other of count.parentElement.children) {
        if (other !== count && other.checkVisibility() && meets(box(range), box(other))) found.push(`${count.textContent} over ${other.textContent}`);
      }
      if (box(range).right > box(count.parentElement).right || box(range).left < box(count.parentElement).left) found.push(`${count.textContent} beside its tab`);
    }
    const bell = document.querySelector("notification-bell").shadowRoot;
    const badge = bell.querySelector(".badge");
    for (const other of document.querySelectorAll("header.top :is(a, summary)")) if (meets(box(badge), box(other))) found.push(`badge over ${other.textContent.trim()}`);
    if (box(badge).top < 0 || box(badge).right > innerWidth || box(badge).left < 0) found.push("badge outside");
    if (badge.scrollWidth > badge.clientWidth + 1 || badge.scrollHeight > badge.clientHeight + 1) found.push("badge too small");
    document.documentElement.style.fontSize = "";
    return found;
  },

  // What lies in the 40 pixels that a camera and the system's bar take (`--rd-safe-…`): Chromium has no such screen.
  outside: () => {
    const bell = document.querySelector("notification-bell").shadowRoot;
    const shown = [...document.querySelectorAll(".top-in > *, .rd-head > *, .rd-row, .rd-toast, .rd-bar-acts > *"),
      ...bell.querySelectorAll(".all, .toast")];
    const box = (each) => each.getBoundingClientRect();
    return shown.filter((each) => each.checkVisibility({ visibilityProperty: true })).filter((each) => {
      const isFixed = each.closest(".rd-foot, .rd-bar-acts, .panel, .toasts, .top") ?? each.getRootNode().host;
      if (box(each).left < 40 || box(each).right > innerWidth - 40) return each.className !== "all";
      return isFixed && (box(each).top < 40 || box(each).bottom > innerHeight - 40);
    }).map((each) => `${each.localName}.${each.className}`);
  },
})
