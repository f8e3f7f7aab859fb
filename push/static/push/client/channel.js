/**
 * A BroadcastChannel, where there is one. Browsers lack it, or deny it to pages that may keep nothing (blocked cookies, a
 * frame without an origin), at once or later: then `works` is false, and nobody is heard.
 */
export class Channel {
  /** @type {BroadcastChannel|null} */ #channel = null;

  /** @param {string} name @param {(message: any) => void} heard */
  constructor(name, heard) {
    try {
      this.#channel = new BroadcastChannel(name);
      this.#channel.onmessage = ({ data }) => heard(data);
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
      if (error.name !== "DataCloneError") this.close(); // a page may offer what can't be copied; all else is denial
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
