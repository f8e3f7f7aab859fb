/** What a browser may deny to a page: cookies, storage, reading a canvas. */

/** The value of `call()`, or null if the browser denies it. @template T @param {() => T} call @returns {T|null} */
export function allowed(call) {
  try {
    return call();
  } catch {
    return null;
  }
}
