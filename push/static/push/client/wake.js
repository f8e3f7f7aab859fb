/** The moments at which a connection that looks alive may not be. */

const TICK = 5; // seconds
const JUMP = 70; // seconds between two ticks; hidden tabs are throttled to one a minute, so more than that was sleep

/**
 * Calls `woke(moved)` when the page is shown again, the network is back or the machine woke from sleep; `moved` means
 * that the network may be another one.
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
