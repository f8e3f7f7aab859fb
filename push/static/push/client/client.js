/**
 * A page's subscription to its user's snapshots, shared by the tabs of a browser. How a connection is kept up is in ladder.js,
 * which tab leads in leader-election.js, the display in ui/.
 * @import {Item, Options, Snapshot, State, Transport} from "./types.js" @import {Store} from "./store.js"
 */
import { belongsTo } from "../../inbox/shared/snapshot.js";
import { after } from "../../inbox/shared/timing.js";
import { Channel } from "./channel.js";
import { Ladder } from "./ladder.js";
import { LeaderElection } from "./leader-election.js";
import { signInChannel } from "./sign-in.js";
import { isSnapshot } from "./store.js";
import { watchWake } from "./lifecycle.js";

const LEADER_TIMEOUT = 3; // seconds without an answer after which a leader counts as frozen
const LEADER_CHECK = 25; // seconds between a follower's requests for the leader's status; the resync interval

/**
 * One tab, the leader, holds the connection. It posts each snapshot on a channel; followers show it, and post the snapshots
 * that their own API calls return. Where the browser denies locks or channels, each tab leads itself.
 *
 * Messages on the channel: {type: "snapshot", snapshot}, {type: "status", state, transport, snapshot} from the leader,
 * {type: "ask", wake?, moved?, recheck?} to the leader.
 */
export class PushClient {
  /** @type {State} */ state = "connecting";
  transport = "";
  #lifetime = new AbortController();
  #leaderTimer = new AbortController();
  #deposed = false; // another tab stole the lock, and no status of it has arrived yet
  #lastForeign = -Infinity; // when `offer` last got a snapshot of another user; milliseconds
  #lastNobody = -Infinity; // when a page last said that nobody is signed in; milliseconds

  /**
   * @param {{user: string, push: URL, transports: Transport[], store: Store, options: Options}} page  user: "" if the page
   *   does not know it; then the first snapshot tells. The store outlives a client, so that a page from the back/forward
   *   cache never shows an older state
   * @param {{snapshot: (snapshot: Snapshot, item: Item|null) => void, state: () => void}} events
   */
  constructor({ user, push, transports, store, options }, events) {
    this.user = user;
    this.push = push;
    this.transports = transports;
    this.store = store;
    this.options = options;
    this.events = events;
  }

  start() {
    const name = this.#sharedName();
    this.#lifetime = new AbortController();
    this.#deposed = false;
    this.channel = new Channel(name, (message) => this.#onMessage(message));
    this.signIn = signInChannel(this.push, (user) => this.#onSignIn(user));
    this.ladder = new Ladder(this.transports, this.push, {
      snapshot: (snapshot) => this.#onServerSnapshot(snapshot),
      state: () => this.#onLadderState(),
    }, { ...this.options, user: this.user });
    this.election = new LeaderElection(name, { elected: () => this.#onElected(), deposed: () => this.#onDeposed() });
    watchWake(this.#lifetime.signal, (moved) => this.wake(moved));
    if (this.channel.works) this.election.join();
    else this.election.leadAlone();
    this.#askLeader();
    if (this.user) this.signIn.post({ user: this.user });
  }

  /** Of lock and channel. Tabs that differ in any of these can't share a connection. */
  #sharedName() {
    const transports = this.transports.map(({ name }) => name);
    const language = encodeURIComponent(this.options.language ?? "").toLowerCase();
    return `reddot:${this.push}:${transports}:${language}:${this.user}`;
  }

  stop() {
    this.#lifetime.abort();
    this.#leaderTimer.abort();
    this.ladder.stop();
    this.election.leave();
    this.channel.close();
    this.signIn.close();
  }

  /** Take a snapshot that an API call returned. @param {Snapshot} snapshot */
  offer(snapshot) {
    if (!isSnapshot(snapshot)) return;
    if (this.state === "signed-out" || !this.#isOurs(snapshot)) this.#onForeignSnapshot();
    else this.#onServerSnapshot(snapshot);
  }

  /** The network, the page or the machine woke up: check the connection. @param {boolean} moved to another network, perhaps */
  wake(moved) {
    if (this.election.isLeader) this.ladder.wake(moved);
    else this.#askLeader({ wake: true, moved });
  }

  /** Another user may be signed in by now, or nobody: show nothing more before the server has said who it is. */
  recheckUser() {
    if (this.election.isLeader) this.ladder.recheckUser();
    else this.#askLeader({ recheck: true });
  }

  // Who is signed in

  /** An API call returned another user's snapshot. It may be old, and offered again and again: recheck now and then. */
  #onForeignSnapshot() {
    if (performance.now() - this.#lastForeign < LEADER_CHECK * 1000) return;
    this.#lastForeign = performance.now();
    this.recheckUser();
  }

  /** A page reports the user of this browser. Every leader receives the message itself. @param {string} user "" for nobody */
  #onSignIn(user) {
    if (user === this.user) return void (this.state === "signed-out" && this.wake(false));
    if (!user && (this.state === "signed-out" || this.#saidRecently())) return;
    if (this.election.isLeader) this.ladder.recheckUser();
    else this.#askLeader();
  }

  /** Whether a page has just said that nobody is signed in; such pages may come from a cache, many times. */
  #saidRecently() {
    if (performance.now() - this.#lastNobody < LEADER_CHECK * 1000) return true;
    this.#lastNobody = performance.now();
    return false;
  }

  /** Before the first snapshot a page may not know its user; then every snapshot is ours. @param {Snapshot} snapshot */
  #isOurs(snapshot) {
    return this.user === "" || belongsTo(snapshot, this.user);
  }

  /** Start over under the names of another user. @param {string} user */
  #becomeUser(user) {
    this.stop();
    this.user = user;
    this.start();
  }

  // Snapshots and states

  /** From our own connection or an API call. The server decides who the user is. @param {Snapshot} snapshot */
  #onServerSnapshot(snapshot) {
    if (!isSnapshot(snapshot)) return;
    if (this.#show(snapshot)) this.#post({ type: "snapshot", snapshot });
    if (!belongsTo(snapshot, this.user)) this.#becomeUser(String(snapshot.user));
  }

  /** From another tab. The channel's name contains the user, unless no page knew it. @param {Snapshot} snapshot */
  #onSharedSnapshot(snapshot) {
    if (!isSnapshot(snapshot) || !this.#isOurs(snapshot)) return;
    this.#show(snapshot);
    if (!this.user) this.#becomeUser(String(snapshot.user));
  }

  /** @param {Snapshot} snapshot @returns {boolean} whether it was new */
  #show(snapshot) {
    const { moved, item } = this.store.offer(snapshot);
    if (moved || item) this.events.snapshot(snapshot, item);
    return moved || item !== null;
  }

  /** @param {State} state @param {string} transport */
  #become(state, transport) {
    if (state === "signed-out") this.store.clear();
    if (state === this.state && transport === this.transport) return;
    this.state = state;
    this.transport = transport;
    this.events.state();
    if (state === "signed-out" && this.election.isLeader) this.signIn.post({ user: "" }); // for tabs with other leaders
  }

  // As the leader

  #onElected() {
    this.#leaderTimer.abort();
    this.ladder.start();
  }

  #onLadderState() {
    this.#become(this.ladder.state, this.ladder.transport);
    this.#post(this.#status());
  }

  #onAsk({ wake, moved, recheck }) {
    if (!this.election.isLeader) return;
    this.#post(this.#status());
    if (wake) this.ladder.wake(moved);
    if (recheck) this.ladder.recheckUser();
  }

  #status() {
    return { type: "status", state: this.state, transport: this.transport, snapshot: this.store.current };
  }

  // As a follower

  #onDeposed() {
    this.#deposed = true;
    this.ladder.stop();
    this.#askLeader();
  }

  /**
   * Request the leader's status, and take over if none comes.
   * @param {{wake?: boolean, moved?: boolean, recheck?: boolean}} [also] what the leader should do besides
   */
  #askLeader(also = {}) {
    if (this.election.isLeader) return;
    this.#post({ type: "ask", ...also });
    this.#startLeaderTimer(LEADER_TIMEOUT, () => this.#takeOver());
  }

  /** The leader is frozen. If this tab was deposed itself, the tabs don't hear each other: then each must lead itself. */
  #takeOver() {
    if (this.#deposed) return this.election.leadAlone();
    this.election.steal();
    this.#startLeaderTimer(LEADER_TIMEOUT, () => this.election.leadAlone());
  }

  #onStatus({ state, transport, snapshot }) {
    if (this.election.isLeader) return;
    this.#deposed = false;
    this.#startLeaderTimer(LEADER_CHECK, () => this.#askLeader());
    this.#become(state, transport);
    if (snapshot) this.#onSharedSnapshot(snapshot);
  }

  /** One at a time. @param {number} seconds @param {() => void} call unless the leader answers before */
  #startLeaderTimer(seconds, call) {
    this.#leaderTimer.abort();
    this.#leaderTimer = new AbortController();
    after(seconds, this.#leaderTimer.signal, call);
  }

  // The channel

  #onMessage(message) {
    if (message.type === "snapshot" && this.state !== "signed-out") this.#onSharedSnapshot(message.snapshot);
    if (message.type === "ask") this.#onAsk(message);
    if (message.type === "status") this.#onStatus(message);
  }

  #post(message) {
    this.channel.post(message);
    if (!this.channel.works) this.election.leadAlone(); // denied by now
  }
}
