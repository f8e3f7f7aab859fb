/**
 * How this page says whose inbox it wants: by the session's cookie, or by a ticket, which works from other origins too.
 * @import {Credential, RenewTicket, Ticket, TicketWish} from "./types.js"
 */
import { ApiError, answered, json } from "./http.js";

const SHORTEST = 10; // seconds a ticket must have left to be worth showing
const READS = new Set([undefined, "GET", "HEAD"]);

/** The session of this site. Tickets, for what takes no cookie (MQTT), are minted by the API. @implements {Credential} */
export class Cookie {
  byTicket = false;

  /** @param {URL} api @param {() => string[]} csrfTokens best first */
  constructor(api, csrfTokens) {
    this.api = api;
    this.csrfTokens = csrfTokens;
  }

  /** A token may have been rotated by a sign-in in another tab, so a 403 tries the next one. */
  async fetch(url, init = {}) {
    if (READS.has(init.method)) return fetch(url, init);
    let response;
    for (const token of this.csrfTokens()) {
      response = await fetch(url, { ...init, headers: { ...init.headers, "X-CSRFToken": token } });
      if (response.status !== 403) break;
    }
    return response;
  }

  async ticket(wish = {}) {
    return { ...readTicket(await this.mint(new URL("tickets/", this.api), wish)), fresh: true };
  }

  spoil() {
    return false; // the next one is another one anyway
  }

  /**
   * Asks for a ticket there, as POST /api/v1/tickets/.
   * @param {URL} url @param {TicketWish} wish @returns {Promise<string>}
   */
  async mint(url, wish) {
    const { ticket } = await answered(await this.fetch(url, { ...json("POST", wish), cache: "no-store" }));
    return ticket;
  }
}

/** A ticket, renewed before it expires if somebody can: one renewal at a time. @implements {Credential} */
export class TicketHolder {
  byTicket = true;
  /** @type {Ticket|null} */ #held = null;
  /** @type {Promise<Ticket>|null} */ #renewal = null;

  /** @param {string|null} ticket the first one, if the page has it @param {RenewTicket|null} renew */
  constructor(ticket, renew) {
    this.renew = renew;
    if (ticket) this.#held = readTicket(ticket);
  }

  /** Never with a cookie: a page of another origin may not read an answer that one opened. */
  async fetch(url, init = {}) {
    const ticket = await this.ticket();
    const response = await fetch(url, bearing(ticket, init));
    if (response.status !== 401 || ticket.fresh || !this.spoil(ticket)) return response;
    return fetch(url, bearing(await this.ticket(), init));
  }

  async ticket(wish = {}) {
    while (this.#renewal) await this.#renewal.catch(() => {});
    if (this.#held && fits(this.#held, wish)) return this.#held;
    if (!this.renew) return this.#asItIs(wish);
    this.#renewal = this.#renewed(wish);
    return this.#renewal.finally(() => { this.#renewal = null; });
  }

  spoil({ text }) {
    if (this.#held?.text === text) this.#held = null;
    return this.renew !== null;
  }

  /** @param {TicketWish} wish @returns {Promise<Ticket>} */
  async #renewed(wish) {
    const text = await this.renew(wish);
    if (!text) throw new ApiError(401, "no ticket");
    this.#held = { ...readTicket(text), purpose: wish.purpose };
    return { ...this.#held, fresh: true };
  }

  /** @param {TicketWish} wish */
  #asItIs({ ttl = Infinity }) {
    if (!this.#held || left(this.#held) <= 0) throw new ApiError(401, "the ticket has expired");
    if (left(this.#held) > ttl) throw new ApiError(400, `a ticket of ${ttl} s is needed`);
    return this.#held;
  }
}

/**
 * What a page says of itself, as a credential.
 * @param {{api: URL, csrfTokens: () => string[], ticket?: string|null, ticketUrl?: string|null,
 *          renewTicket?: RenewTicket|null}} page
 * @returns {Credential}
 */
export function credentialOf({ api, csrfTokens, ticket = null, ticketUrl = null, renewTicket = null }) {
  const cookie = new Cookie(api, csrfTokens);
  const renew = renewTicket ?? (ticketUrl ? (wish) => cookie.mint(new URL(ticketUrl, document.baseURI), wish) : null);
  return ticket || renew ? new TicketHolder(ticket, renew) : cookie;
}

/**
 * What a page gave first (it works with an HttpOnly cookie, or none), then the cookie.
 * @param {string|null} [given] @returns {string[]} never empty
 */
export function csrfTokens(given = null) {
  const cookie = cookies().match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  const tokens = [given, cookie].filter((token) => token != null && token !== "");
  return tokens.length ? [...new Set(tokens)] : [""];
}

/** The page's own, "" where they are denied (a frame without an origin). */
export function cookies() {
  try {
    return document.cookie;
  } catch {
    return "";
  }
}

/** This site's own session. */
export const COOKIE = new Cookie(new URL("/api/v1/", document.baseURI), csrfTokens);

/** @param {import("./types.js").Options} options @returns {Credential} */
export function credentialIn({ credential, api = COOKIE.api, csrfToken }) {
  return credential ?? new Cookie(api, () => csrfTokens(csrfToken));
}

/**
 * What a ticket says of itself (inbox/credentials/tickets.py): base64url of [user, session, auth, expires], a dot, a signature. Of
 * one in another form the server says when it has expired.
 * @param {string} text @returns {Ticket}
 */
function readTicket(text) {
  try {
    const payload = text.split(".")[0].replaceAll("-", "+").replaceAll("_", "/");
    const [user, , , expires] = JSON.parse(atob(payload));
    return { text, user: String(user), expires: Number(expires) };
  } catch {
    return { text, user: "", expires: Infinity };
  }
}

/** Seconds by this machine's clock; a wrong one costs a renewal, since the server's word is what counts. */
function left({ expires }) {
  return expires - Date.now() / 1000;
}

/** @param {Ticket} ticket @param {TicketWish} wish */
function fits(ticket, { ttl = Infinity, purpose }) {
  return left(ticket) >= SHORTEST && left(ticket) <= ttl && (!purpose || ticket.purpose === purpose);
}

/** @param {Ticket} ticket @param {RequestInit} init @returns {RequestInit} */
function bearing({ text }, init) {
  return { ...init, headers: { ...init.headers, Authorization: `Bearer ${text}` }, credentials: "omit" };
}
