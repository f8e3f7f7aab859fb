/** A BroadcastChannel that may be missing. The messages are defined in client.js and sign-in.js. */

/**
 * Browsers may lack BroadcastChannel, or deny it to pages that may store nothing (blocked cookies, a frame without an
 * origin), at once or later. Then `works` is false and no message arrives.
 */
export class Channel {
  /** @type {BroadcastChannel|null} */ #channel = null;

  /** @param {string} name @param {(message: any) => void} onMessage */
  constructor(name, onMessage) {
    try {
      this.#channel = new BroadcastChannel(name);
      this.#channel.onmessage = ({ data }) => onMessage(data);
    } catch { // denied
      this.#channel = null;
    }
  }

  get works() {
    return this.#channel !== null;
  }

  /** @param {object} message */
  post(message) {
    try {
      this.#channel?.postMessage(message);
    } catch (error) {
      if (error.name !== "DataCloneError") this.close(); // a page may offer what can't be copied; any other error is a denial
    }
  }

  close() {
    try {
      this.#channel?.close();
    } finally {
      this.#channel = null;
    }
  }
}
