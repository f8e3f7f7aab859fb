/**
 * The credential of this page: the session's cookie, or tickets, which work from other origins too.
 * @import {Credential, Options, RenewTicket, Ticket, TicketWish} from "./types.js"
 */
import { ApiError, csrfTokens, fetchInSession, jsonRequest, readJson } from "../../inbox/shared/http.js";

const MIN_LEFT = 10; // seconds; a ticket with less is renewed before it is used

/** The session of this site. Transports that take no cookie (MQTT) get tickets from the API. @implements {Credential} */
export class SessionCredential {
  usesTickets = false;

  /** @param {URL} api @param {string|null} [csrfToken] the page's own, for sites that hide the cookie */
  constructor(api, csrfToken = null) {
    this.api = api;
    this.csrfToken = csrfToken;
  }

  async fetch(url, init = {}) {
    return fetchInSession(url, init, csrfTokens(this.csrfToken));
  }

  async ticket(wish = {}) {
    return { ...readTicket(await this.mint(new URL("tickets/", this.api), wish)), fresh: true };
  }

  discard() {
    return false; // nothing is kept
  }

  /**
   * Request a ticket at `url`, which answers as POST /api/v1/tickets/ does.
   * @param {URL} url @param {TicketWish} wish @returns {Promise<string>}
   */
  async mint(url, wish) {
    const { ticket } = await readJson(await this.fetch(url, { ...jsonRequest("POST", wish), cache: "no-store" }));
    return ticket;
  }
}

/** A ticket, renewed before it expires if the page can renew it; one renewal at a time. @implements {Credential} */
export class TicketCredential {
  usesTickets = true;
  /** @type {Ticket|null} */ #held = null;
  /** @type {Promise<Ticket>|null} */ #renewal = null;

  /** @param {string|null} ticket the first one, if the page has it @param {RenewTicket|null} renew */
  constructor(ticket, renew) {
    this.renew = renew;
    if (ticket) this.#held = readTicket(ticket);
  }

  /** Without cookies: a page of another origin may not read a response to a request with them. */
  async fetch(url, init = {}) {
    const ticket = await this.ticket();
    const response = await fetch(url, withBearer(ticket, init));
    if (response.status !== 401 || ticket.fresh || !this.discard(ticket)) return response;
    return fetch(url, withBearer(await this.ticket(), init));
  }

  async ticket(wish = {}) {
    while (this.#renewal) await this.#renewal.catch(() => {});
    if (this.#held && fits(this.#held, wish)) return this.#held;
    if (!this.renew) return this.#unrenewed(wish);
    this.#renewal = this.#renewed(wish);
    return this.#renewal.finally(() => { this.#renewal = null; });
  }

  discard({ text }) {
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

  /** The first ticket, if it still serves. @param {TicketWish} wish */
  #unrenewed({ ttl = Infinity }) {
    if (!this.#held || secondsLeft(this.#held) <= 0) throw new ApiError(401, "the ticket has expired");
    if (secondsLeft(this.#held) > ttl) throw new ApiError(400, `a ticket of ${ttl} s is needed`);
    return this.#held;
  }
}

/**
 * The credential that a page's settings ask for.
 * @param {{api: URL, csrfToken?: string|null, ticket?: string|null, ticketUrl?: string|null,
 *          renewTicket?: RenewTicket|null}} settings
 * @returns {Credential}
 */
export function createCredential({ api, csrfToken, ticket = null, ticketUrl = null, renewTicket = null }) {
  const session = new SessionCredential(api, csrfToken);
  const renew = renewTicket ?? (ticketUrl ? (wish) => session.mint(new URL(ticketUrl, document.baseURI), wish) : null);
  return ticket || renew ? new TicketCredential(ticket, renew) : session;
}

/** This site's session, with the API at its usual address. */
export const SESSION = new SessionCredential(new URL("/api/v1/", document.baseURI));

/** @param {Options} options of a connection @returns {Credential} */
export function credentialOf({ credential, api = SESSION.api, csrfToken }) {
  return credential ?? new SessionCredential(api, csrfToken);
}

/**
 * Read the user and the expiry out of a ticket: base64url of [user, session, auth, expires], a dot, a signature. For a
 * ticket in another form the server decides when it expires.
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

/** By this machine's clock. A wrong clock costs a renewal and nothing more: the server checks tickets. */
function secondsLeft({ expires }) {
  return expires - Date.now() / 1000;
}

/** @param {Ticket} ticket @param {TicketWish} wish */
function fits(ticket, { ttl = Infinity, purpose }) {
  const left = secondsLeft(ticket);
  return left >= MIN_LEFT && left <= ttl && (!purpose || ticket.purpose === purpose);
}

/** @param {Ticket} ticket @param {RequestInit} init @returns {RequestInit} */
function withBearer({ text }, init) {
  return { ...init, headers: { ...init.headers, Authorization: `Bearer ${text}` }, credentials: "omit" };
}
