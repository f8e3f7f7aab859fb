/** For pages made for nobody, in place of the bell: tells the browser's other tabs that nobody is signed in. */
import { signInChannel } from "./client/sign-in.js";

for (const script of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("script[data-reddot-push]"))) {
  const channel = signInChannel(new URL(script.dataset.reddotPush, document.baseURI));
  channel.post({ user: "" });
  channel.close();
}
