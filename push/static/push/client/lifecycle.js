/** Moments in the life of a page: shown, hidden, left, woken up. What to do then is the callers' business. */

const TICK = 5; // seconds
const JUMP = 70; // seconds between two ticks that mean sleep; in hidden tabs timers run once a minute

/**
 * Call `start` now and when the page returns from the back/forward cache, `stop` when it is left.
 * @param {AbortSignal} signal ends it @param {() => void} start may be called twice in a row @param {() => void} stop
 */
export function whileShown(signal, start, stop) {
  addEventListener("pagehide", stop, { signal });
  addEventListener("pageshow", start, { signal });
  start();
}

/**
 * Call `woke(moved)` when an open connection may be dead: the page is shown again, the network changes, the machine wakes
 * up. `moved`: the network may be another one.
 * @param {AbortSignal} signal ends it @param {(moved: boolean) => void} woke
 */
export function watchWake(signal, woke) {
  const listen = { signal };
  window.addEventListener("online", () => woke(true), listen);
  window.addEventListener("offline", () => woke(false), listen);
  document.addEventListener("visibilitychange", () => document.hidden || woke(false), listen);
  watchClock(signal, () => woke(true));
}

/** @param {AbortSignal} signal @param {() => void} jumped */
function watchClock(signal, jumped) {
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - last > JUMP * 1000) jumped();
    last = now;
  }, TICK * 1000);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
