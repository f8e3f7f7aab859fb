/** The user that the inbox page was made for, and what happens when another user is signed in, or nobody. */

import { repeatWithNewCookie } from "./shared/session.js";
import { belongsTo } from "./shared/snapshot.js";

export class Owner {
  stopped = false; // another user is signed in, and reloading did not bring their page
  #leaving = false; // the page is being replaced

  /**
   * `user`: the id; `login`: URL of the login page; `events`: {stopped(), stillSignedIn()}.
   * @param {string} user @param {string} login @param {import("./shared/inbox-api.js").InboxApi} api
   */
  constructor(user, login, api, events) {
    Object.assign(this, { user, login, api, events });
  }

  /** Whether the snapshot or page of items is this user's. If it is not, another user is signed in by now: the page reloads. */
  owns(snapshot) {
    if (belongsTo(snapshot, this.user)) return true;
    this.#reloadFor(String(snapshot.user));
    return false;
  }

  /* Once, or two users' sessions could make the page reload forever. `history.state` survives the reload and, unlike
   * storage, is never denied. */
  #reloadFor(user) {
    if (this.#leaving || this.stopped) return;
    const expected = history.state?.reloadedFor ?? this.user;
    if (expected !== this.user) return this.#stop(); // the reload did not bring that user's page
    this.#leaving = true;
    history.replaceState({ ...history.state, reloadedFor: user }, "");
    location.reload();
  }

  #stop() {
    this.stopped = true;
    this.events.stopped();
  }

  /** After a 401: go to the login page, unless a second request succeeds. */
  async confirmSignedOut() {
    if (this.#leaving) return;
    this.#leaving = true;
    const answer = repeatWithNewCookie(() => this.api.unread());
    const signedOut = await answer.then(() => false, (error) => error.status === 401);
    if (signedOut) return this.#goToLogin();
    this.#leaving = false;
    this.events.stillSignedIn();
  }

  #goToLogin() {
    location.assign(`${this.login}?${new URLSearchParams({ next: location.pathname + location.search })}`);
  }
}
