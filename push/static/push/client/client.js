/** @import {Item, Options, Rung, Snapshot, State} from "./types.js" @import {Store} from "./store.js" */
import { Ladder } from "./ladder.js";
import { Leadership } from "./leadership.js";
import { after } from "./timing.js";
import { watchWake } from "./wake.js";

const ANSWER = 3; // seconds a leader has to answer before it counts as frozen
const CHECK = 25; // seconds between a follower's questions; the resync interval

/**
 * What a page knows of its user's mailbox. The tabs of one browser share one connection: the leader's. What a tab learns
 * (from its connection, or because it wrote) it tells the others on a BroadcastChannel.
 */
export class PushClient {
  /** @type {State} */ state = "connecting";
  transport = "";
  #life = new AbortController();
  #answered = new AbortController();

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
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = ({ data }) => this.#onMessage(data);
    this.ladder = new Ladder(this.rungs, this.push, {
      snapshot: (snapshot) => this.offer(snapshot),
      state: () => this.#onLadder(),
    }, { ...this.options, user: this.user });
    this.leadership = new Leadership(name, { gained: () => this.#lead(), lost: () => this.#follow() });
    watchWake(this.#life.signal, (moved) => this.wake(moved));
    this.leadership.join();
    this.#ask(false);
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
  }

  /** Takes a snapshot from anywhere, and passes on what is news. @param {Snapshot} snapshot */
  offer(snapshot) {
    if (this.#take(snapshot)) this.#post({ type: "snapshot", snapshot });
  }

  /** Is what we show still true? @param {boolean} moved to another network, perhaps */
  wake(moved) {
    if (this.leadership.leads) this.ladder.wake(moved);
    else this.#ask(true, moved);
  }

  /** @param {Snapshot} snapshot @returns {boolean} whether it was news */
  #take(snapshot) {
    const { moved, item } = this.store.offer(snapshot);
    if (moved || item) this.tell.snapshot(snapshot, item);
    if (String(this.store.current?.user ?? this.user) !== this.user) this.#becomeUser(String(snapshot.user));
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
    this.ladder.stop();
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
  }

  /** Asks the leader how things are, and takes over if nobody answers. @param {boolean} wake it too */
  #ask(wake, moved = false) {
    if (this.leadership.leads) return;
    this.#answered.abort();
    this.#answered = new AbortController();
    this.#post({ type: "ask", wake, moved });
    after(ANSWER, this.#answered.signal, () => this.leadership.leads || this.leadership.steal());
  }

  #onMessage(data) {
    if (data.type === "snapshot") this.#take(data.snapshot);
    if (data.type === "ask") this.#answer(data);
    if (data.type === "status") this.#learn(data);
  }

  #answer({ wake, moved }) {
    if (!this.leadership.leads) return;
    this.#post(this.#status());
    if (wake) this.ladder.wake(moved);
  }

  #learn({ state, transport, snapshot }) {
    if (this.leadership.leads) return;
    this.#answered.abort();
    this.#answered = new AbortController();
    after(CHECK, this.#answered.signal, () => this.#ask(false));
    if (snapshot) this.#take(snapshot);
    this.#show(state, transport);
  }

  #post(message) {
    this.channel.postMessage(message);
  }
}
