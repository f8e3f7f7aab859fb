/**
 * The types within the browser client, for editors and readers; nothing here runs. Those of its public API are in reddot.d.ts.
 *
 * @import * as Public from "../reddot.js"
 * @typedef {Public.Snapshot} Snapshot
 * @typedef {Public.State} State
 * @typedef {Public.Outage} Outage
 * @typedef {Public.TicketWish} TicketWish
 * @typedef {Public.RenewTicket} RenewTicket
 * @typedef {Public.Item & {href?: string, version?: number}} Item  href: the address to follow, "" for none, set by
 *   inbox/shared/item.js; version: that of the snapshot it came with
 *
 * Why a connection ended, whatever the transport:
 * signed-out (4401, 401), refused (4403, 403), busy (4429, 429: too many connections), unsupported (this server, network or
 * browser can't do it), lost (everything else; worth a retry).
 * @typedef {"signed-out"|"refused"|"busy"|"unsupported"|"lost"} Reason
 *
 * @typedef {object} Observer  the receiver of what a connection delivers; `closed` is called at most once, as the last
 * @property {(snapshot: Snapshot) => void} snapshot
 * @property {(reason: Reason, retryAfter?: number) => void} closed  retryAfter in seconds
 * @property {(event: TraceEvent) => void} [trace]  called for what passes on the wire, if present
 *
 * @typedef {object} TraceEvent
 * @property {"handshake"|"request"|"frame"|"heartbeat"|"close"} kind
 * @property {boolean} up    sent by the browser
 * @property {string} text   as near to the wire as JavaScript can see
 * @property {number} bytes  an estimate that includes framing and headers
 *
 * @typedef {object} Connection
 * @property {() => void} sync   check that the connection works and get the current state, or close with a reason
 * @property {() => void} close  close without calling the observer
 *
 * Opens a connection at once; its first snapshot means that it works. Throws if this browser or page can't open one.
 * @typedef {(push: URL, observer: Observer, options?: Options) => Connection} Open
 *
 * @typedef {object} Options  of a connection
 * @property {Credential} [credential]  default: this site's session
 * @property {URL} [api]                where that session mints tickets; "/api/v1/"
 * @property {string} [csrfToken]       if the csrftoken cookie can't be read
 * @property {string} [mqttUrl]         the broker, ws:// or wss://
 * @property {string} [user]            the ticket's user, if it can't be read in the ticket
 * @property {string} [language]        of titles and texts that arrive, as in `<html lang>`
 * @property {Ticket} [ticket]          set by `ticketed`
 *
 * @typedef {object} Ticket
 * @property {string} text
 * @property {string} user        "" if it can't be read in the ticket
 * @property {number} expires     Unix seconds
 * @property {"mqtt"} [purpose]
 * @property {boolean} [fresh]    minted for this very use
 *
 * @typedef {object} Credential
 * @property {boolean} usesTickets
 * @property {(url: URL, init?: RequestInit) => Promise<Response>} fetch  as that user; throws ApiError without a ticket
 * @property {(wish?: TicketWish) => Promise<Ticket>} ticket  throws ApiError
 * @property {(ticket: Ticket) => boolean} discard  a refused ticket; returns whether another can be had
 *
 * @typedef {{name: string, open: Open}} Transport
 */
export {};
