/** @import {Connection, Credential, Open, Options, Reason, Sink, Ticket, TicketWish} from "./types.js" */
import { credentialIn } from "./credential.js";
import { poll, reasonOfError } from "./poll.js";

/**
 * For transports that can't carry a header: gets a ticket first (`options.ticket`), and another one if the server refuses
 * what may have been out of date. With a cookie they open at once, unless they need a ticket `always`.
 * @param {Open} open @param {TicketWish} [wish] @param {boolean} [always] @returns {Open}
 */
export function ticketed(open, wish = {}, always = false) {
  return (push, sink, options = {}) => {
    const credential = credentialIn(options);
    if (!always && !credential.byTicket) return open(push, sink, options);
    return new Ticketed((bearer, ticket) => open(push, bearer, { ...options, ticket }), push, sink, credential, wish);
  };
}

/** @implements {Connection} */
class Ticketed {
  #life = new AbortController();
  /** @type {Connection|null} */ #inner = null;

  /**
   * @param {(sink: Sink, ticket: Ticket) => Connection} open @param {URL} push @param {Sink} sink
   * @param {Credential} credential @param {TicketWish} wish
   */
  constructor(open, push, sink, credential, wish) {
    this.open = open;
    this.push = push;
    this.sink = sink;
    this.credential = credential;
    this.wish = wish;
    this.#begin();
  }

  sync() {
    this.#inner?.sync();
  }

  close() {
    this.#life.abort();
    this.#inner?.close();
  }

  async #begin() {
    try {
      this.#open(await this.credential.ticket(this.wish));
    } catch (error) {
      this.#end(reasonOfError(error));
    }
  }

  /** @param {Ticket} ticket */
  #open(ticket) {
    if (this.#life.signal.aborted) return;
    try {
      this.#inner = this.open(this.#bearer(ticket), ticket);
    } catch { // no such API in this browser, or forbidden by policy
      this.#end("unsupported");
    }
  }

  /** The sink of one try. A ticket that has just opened something was good: when that ends, another may be as well. */
  #bearer(ticket) {
    let doubtful = !ticket.fresh;
    return {
      ...this.sink,
      snapshot: (snapshot) => { doubtful = true; this.sink.snapshot(snapshot); },
      closed: (reason, seconds) => {
        if (reason !== "signed-out") return this.#end(reason, seconds);
        return doubtful && this.credential.spoil(ticket) ? this.#begin() : this.#ask();
      },
    };
  }

  /** A new ticket was refused: are we signed out, or is it they who don't know? */
  async #ask() {
    const { reason, retryAfter } = await poll(this.push, { signal: this.#life.signal, credential: this.credential });
    this.#end(reason ?? "refused", retryAfter);
  }

  /** @param {Reason} reason @param {number} [seconds] */
  #end(reason, seconds = 0) {
    if (!this.#life.signal.aborted) this.sink.closed(reason, seconds);
  }
}
