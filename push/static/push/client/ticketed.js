/**
 * Gives a ticket to transports that can't send an Authorization header. How tickets are renewed is in credential.js.
 * @import {Connection, Credential, Open, Options, Reason, Observer, Ticket, TicketWish} from "./types.js"
 */
import { credentialOf } from "./credential.js";
import { poll, reasonOfError } from "./poll.js";

/**
 * Wrap `open`: get a ticket first (`options.ticket`), and another if the server refuses one that may have been out of date.
 * With a session's cookie the connection opens at once, unless the transport `always` needs a ticket.
 * @param {Open} open @param {TicketWish} [wish] @param {boolean} [always] @returns {Open}
 */
export function ticketed(open, wish = {}, always = false) {
  return (push, observer, options = {}) => {
    const credential = credentialOf(options);
    if (!always && !credential.usesTickets) return open(push, observer, options);
    const openWith = (/** @type {Observer} */ inner, /** @type {Ticket} */ ticket) => open(push, inner, { ...options, ticket });
    return new TicketedConnection(openWith, push, observer, credential, wish);
  };
}

/** @implements {Connection} */
class TicketedConnection {
  #lifetime = new AbortController();
  /** @type {Connection|null} */ #inner = null;

  /**
   * @param {(observer: Observer, ticket: Ticket) => Connection} open @param {URL} push @param {Observer} observer
   * @param {Credential} credential @param {TicketWish} wish
   */
  constructor(open, push, observer, credential, wish) {
    this.open = open;
    this.push = push;
    this.observer = observer;
    this.credential = credential;
    this.wish = wish;
    this.#start();
  }

  sync() {
    this.#inner?.sync();
  }

  close() {
    this.#lifetime.abort();
    this.#inner?.close();
  }

  async #start() {
    try {
      this.#connect(await this.credential.ticket(this.wish));
    } catch (error) {
      this.#end(reasonOfError(error));
    }
  }

  /** @param {Ticket} ticket */
  #connect(ticket) {
    if (this.#lifetime.signal.aborted) return;
    try {
      this.#inner = this.open(this.#innerObserver(ticket), ticket);
    } catch { // no such API in this browser, or forbidden by policy
      this.#end("unsupported");
    }
  }

  /** A fresh ticket that is refused means "signed out". One that has worked may have expired since: then try another. */
  #innerObserver(ticket) {
    let mayBeOld = !ticket.fresh;
    return {
      ...this.observer,
      snapshot: (snapshot) => { mayBeOld = true; this.observer.snapshot(snapshot); },
      closed: (reason, seconds) => {
        if (reason !== "signed-out") return this.#end(reason, seconds);
        return mayBeOld && this.credential.discard(ticket) ? this.#start() : this.#poll();
      },
    };
  }

  /** A fresh ticket was refused, perhaps by a broker that has not received it yet: ask the site itself. */
  async #poll() {
    const { reason, retryAfter } = await poll(this.push, { signal: this.#lifetime.signal, credential: this.credential });
    this.#end(reason ?? "refused", retryAfter);
  }

  /** @param {Reason} reason @param {number} [seconds] */
  #end(reason, seconds = 0) {
    if (!this.#lifetime.signal.aborted) this.observer.closed(reason, seconds);
  }
}
