/** Pages tell each other who is signed in in this browser: a page that is made for somebody, or for nobody, is news. */
import { Channel } from "./channel.js";

/**
 * `post({ user })` tells the other pages of the site. What one says may be old (a page from a cache), so who hears it asks
 * the server.
 * @param {URL} push names the site @param {(user: string) => void} [heard] user: the id, "" for nobody
 */
export function signInChannel(push, heard = () => {}) {
  return new Channel(`reddot:${push}`, ({ user }) => heard(String(user)));
}
