/** Tells the other pages of this browser who is signed in. What they do about it is in client.js. */
import { Channel } from "./channel.js";

/**
 * Each page posts `{ user }` when it opens, "" for nobody. The message may be out of date (a page from a cache), so receivers
 * ask the server.
 * @param {URL} push names the site @param {(user: string) => void} [onSignIn]
 */
export function signInChannel(push, onSignIn = () => {}) {
  return new Channel(`reddot:${push}`, ({ user }) => onSignIn(String(user)));
}
