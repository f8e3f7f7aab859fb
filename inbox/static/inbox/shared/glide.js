/**
 * Changes that push aside what a reader looks at: it glides to its new place, so that the eye can follow, and stays where it is in
 * the frame of the change, so that nothing jumps. A layout shift, as browsers count them, is a jump.
 */

const GLIDE = { duration: 180, easing: "ease-out", composite: "add" }; // milliseconds
const STEP = { duration: 50, easing: "steps(1, end)", composite: "add" }; // for those who want no motion

const LONGEST = 1_000; // milliseconds: the frames of a page that nobody sees never come

/** Of the glides that have not ended. @type {Set<Promise<unknown>>} */
const running = new Set();

/**
 * Until all has come to its place, before something is shown that pushes it on: from the middle of a glide it would jump, to the
 * browser, which has noted where the glide began.
 * @returns {Promise<void>}
 */
export async function glided() {
  if (!running.size || document.hidden) return;
  const ended = Promise.all(running).then(() => new Promise(requestAnimationFrame)); // it has been drawn at its place then
  await Promise.race([ended, new Promise((done) => setTimeout(done, LONGEST))]);
}

/**
 * Call it before a change of the children of `parent`; call what it returns after the change.
 * @param {Element} parent @returns {() => void}
 */
export function gliding(parent) {
  if (isScrolled(parent)) return () => {};
  const before = pushedBy(parent).map((element) => /** @type {const} */ ([element, element.getBoundingClientRect()]));
  const options = matchMedia("(prefers-reduced-motion: reduce)").matches ? STEP : GLIDE;
  return () => {
    // All are measured before any moves: else each would be laid out again.
    const after = before.map(([element]) => element.getBoundingClientRect());
    before.forEach(([element, was], at) => {
      const by = was.top - after[at].top;
      if (!by || ![was, after[at]].every(isRendered) || ![was, after[at]].some(isInWindow)) return;
      hold(element.animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], options));
    });
  };
}

/** @param {Animation} glide */
function hold({ finished }) {
  const ended = finished.catch(() => {}).then(() => void running.delete(ended)); // it is cancelled with its element
  running.add(ended);
}

/* Then the browser keeps what is in the window where it is (scroll anchoring). */
function isScrolled(parent) {
  const [own, frame] = [parent, parent.parentElement ?? parent].map((element) => element.getBoundingClientRect());
  return isRendered(own) && (own.top < 0 || own.top < frame.top - 1);
}

/* The children, and what comes after the parent in its page or shadow tree. */
function pushedBy(parent) {
  const found = [...parent.children];
  for (let node = parent; node && node !== document.body; node = node.parentElement) {
    for (let next = node.nextElementSibling; next; next = next.nextElementSibling) found.push(next);
  }
  return found;
}

function isRendered({ height }) {
  return height > 0;
}

function isInWindow({ top, bottom }) {
  return bottom > 0 && top < innerHeight;
}
