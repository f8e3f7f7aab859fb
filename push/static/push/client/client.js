/** @import {Item, Options, Rung, Snapshot, State} from "./types.js" @import {Store} from "./store.js" */
import { Channel } from "./channel.js";
import { Ladder } from "./ladder.js";
import { Leadership } from "./leadership.js";
import { signInChannel } from "./sign-in.js";
import { isSnapshot } from "./store.js";
import { after } from "./timing.js";
import { watchWake } from "./wake.js";

const ANSWER = 3; // seconds a leader has to answer before it counts as frozen
const CHECK = 25; // seconds between a follower's questions; the resync interval

/**
 * What a page knows of its user's mailbox. The tabs of one browser share one connection: the leader's. What a tab learns
 * (from its connection, or because it wrote) it tells the others on a channel. Where the browser denies tabs what they share,
 * each has a connection of its own.
 */
export class PushClient {
  /** @type {State} */ state = "connecting";
  transport = "";
  #life = new AbortController();
  #answered = new AbortController();
  #suspected = -Infinity; // when a page last offered what is not this user's; milliseconds
  #nobody = -Infinity; // when a page last said that nobody is signed in; milliseconds
  #robbed = false; // another tab took the lead, and has not been heard of yet

  /**
   * @param {{user: string, push: URL, rungs: Rung[], store: Store, options: Options}} page  user: "" if the page doesn't
   *   know; the first snapshot says it. The store outlives a client: a page that comes back from the back/forward cache
   *   still shows nothing older
   * @param {{snapshot: (snapshot: Snapshot, item: Item|null) => void, state: () => void}} tell
   */
  constructor({ user, push, rungs, store, options }, tell) {
    this.user = user;
    this.push = push;
    this.rungs = rungs;
    this.store = store;
    this.options = options;
    this.tell = tell;
  }

  start() {
    const name = this.#sharedName();
    this.#life = new AbortController();
    this.#robbed = false;
    this.channel = new Channel(name, (message) => this.#onMessage(message));
    this.signIn = signInChannel(this.push, (user) => this.#onSignIn(user));
    this.ladder = new Ladder(this.rungs, this.push, {
      snapshot: (snapshot) => this.#onServer(snapshot),
      state: () => this.#onLadder(),
    }, { ...this.options, user: this.user });
    this.leadership = new Leadership(name, { gained: () => this.#lead(), lost: () => this.#follow() });
    watchWake(this.#life.signal, (moved) => this.wake(moved));
    if (this.channel.works) this.leadership.join();
    else this.leadership.alone();
    this.#ask();
    if (this.user) this.signIn.post({ user: this.user });
  }

  /** Tabs share what fits all of them: what arrives is told in one language. */
  #sharedName() {
    const rungs = this.rungs.map((rung) => rung.name);
    const language = encodeURIComponent(this.options.language ?? "").toLowerCase();
    return `reddot:${this.push}:${rungs}:${language}:${this.user}`;
  }

  stop() {
    this.#life.abort();
    this.#answered.abort();
    this.ladder.stop();
    this.leadership.leave();
    this.channel.close();
    this.signIn.close();
  }

  /** Takes what an API call answered, and passes on what is news. @param {Snapshot} snapshot */
  offer(snapshot) {
    if (!isSnapshot(snapshot)) return;
    if (this.state === "signed-out" || (this.user && !this.#isOurs(snapshot))) this.#suspect();
    else this.#onServer(snapshot);
  }

  /** It may be the answer to an old question, and a page may offer it again and again. */
  #suspect() {
    if (performance.now() - this.#suspected < CHECK * 1000) return;
    this.#suspected = performance.now();
    this.doubt();
  }

  /** Is what we show still true? @param {boolean} moved to another network, perhaps */
  wake(moved) {
    if (this.leadership.leads) this.ladder.wake(moved);
    else this.#ask({ wake: true, moved });
  }

  /** Somebody else may be signed in by now, or nobody: nothing more is shown before the server has said who it is. */
  doubt() {
    if (this.leadership.leads) this.ladder.doubt();
    else this.#ask({ doubt: true });
  }

  /** Whether it is long enough since pages said last that nobody is signed in. */
  #isTime() {
    if (performance.now() - this.#nobody < CHECK * 1000) return false;
    this.#nobody = performance.now();
    return true;
  }

  /** A page says who is signed in in this browser. Each leader hears it itself. @param {string} user "" for nobody */
  #onSignIn(user) {
    if (user === this.user) return void (this.state === "signed-out" && this.wake(false));
    if (!user && (this.state === "signed-out" || !this.#isTime())) return; // pages for nobody may come from a cache
    if (this.leadership.leads) this.ladder.doubt();
    else this.#ask();
  }

  /** What our own connection says, or the first answer of the API, is so, whoever it makes us. @param {Snapshot} snapshot */
  #onServer(snapshot) {
    if (!isSnapshot(snapshot)) return;
    this.#passOn(snapshot);
    if (!this.#isOurs(snapshot)) this.#becomeUser(String(snapshot.user));
  }

  /** @param {Snapshot} snapshot */
  #passOn(snapshot) {
    if (this.#take(snapshot)) this.#post({ type: "snapshot", snapshot });
  }

  /** @param {Snapshot} snapshot */
  #isOurs({ user }) {
    return String(user) === this.user;
  }

  /** @param {Snapshot} snapshot @returns {boolean} whether it was news */
  #take(snapshot) {
    const { moved, item } = this.store.offer(snapshot);
    if (moved || item) this.tell.snapshot(snapshot, item);
    return moved || item !== null;
  }

  /** The session is another user's now: start over, under that user's names. @param {string} user */
  #becomeUser(user) {
    this.stop();
    this.user = user;
    this.start();
  }

  #lead() {
    this.#answered.abort();
    this.ladder.start();
  }

  #follow() {
    this.#robbed = true;
    this.ladder.stop();
    this.#ask();
  }

  #onLadder() {
    this.#show(this.ladder.state, this.ladder.transport);
    this.#post(this.#status());
  }

  #status() {
    return { type: "status", state: this.state, transport: this.transport, snapshot: this.store.current };
  }

  /** @param {State} state @param {string} transport */
  #show(state, transport) {
    if (state === "signed-out") this.store.clear();
    if (state === this.state && transport === this.transport) return;
    this.state = state;
    this.transport = transport;
    this.tell.state();
    if (state === "signed-out" && this.leadership.leads) this.signIn.post({ user: "" }); // tabs with leaders of their own
  }

  /**
   * Asks the leader how things are, and takes over if nobody answers.
   * @param {{wake?: boolean, moved?: boolean, doubt?: boolean}} [wish] what the leader should do besides
   */
  #ask(wish = {}) {
    if (this.leadership.leads) return;
    this.#post({ type: "ask", ...wish });
    this.#within(ANSWER, () => this.#takeOver());
  }

  /** Replaces what was planned. @param {number} seconds @param {() => void} call unless the leader is heard until then */
  #within(seconds, call) {
    this.#answered.abort();
    this.#answered = new AbortController();
    after(seconds, this.#answered.signal, call);
  }

  /** From a leader that is frozen. Nobody heard even so: tabs don't hear each other here, and each must lead itself. */
  #takeOver() {
    if (this.#robbed) return this.leadership.alone();
    this.leadership.steal();
    this.#within(ANSWER, () => this.leadership.alone());
  }

  #onMessage(message) {
    if (message.type === "snapshot" && this.state !== "signed-out") this.#copy(message.snapshot);
    if (message.type === "ask") this.#answer(message);
    if (message.type === "status") this.#learn(message);
  }

  #answer({ wake, moved, doubt }) {
    if (!this.leadership.leads) return;
    this.#post(this.#status());
    if (wake) this.ladder.wake(moved);
    if (doubt) this.ladder.doubt();
  }

  /** What another tab has. The name of the channel says whose it is, unless no page knew. @param {Snapshot} snapshot */
  #copy(snapshot) {
    if (!isSnapshot(snapshot) || (this.user && !this.#isOurs(snapshot))) return;
    this.#take(snapshot);
    if (!this.user) this.#becomeUser(String(snapshot.user));
  }

  #learn({ state, transport, snapshot }) {
    if (this.leadership.leads) return;
    this.#robbed = false;
    this.#within(CHECK, () => this.#ask());
    this.#show(state, transport);
    if (snapshot) this.#copy(snapshot);
  }

  #post(message) {
    this.channel.post(message);
    if (!this.channel.works) this.leadership.alone(); // denied by now
  }
}
