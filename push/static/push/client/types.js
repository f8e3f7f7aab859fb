/**
 * The words of the client, for editors and readers; nothing here runs.
 *
 * @typedef {object} Item  what arrived, for a toast; the inbox adds read, archived
 * @property {string} ref
 * @property {string} type
 * @property {string} title
 * @property {string} body
 * @property {string} url
 * @property {string} created_at  ISO 8601
 * @property {string} level  "critical", "warning", "success" or "info"
 * @property {boolean} [read]
 * @property {string} [href]  set by inbox/item.js: the address to follow, "" for none
 *
 * @typedef {object} Snapshot  the whole state of one user at one moment
 * @property {number|string} user
 * @property {number} version
 * @property {number} unread
 * @property {boolean} capped
 * @property {Record<string, number>} by_type
 * @property {Item} [item]
 *
 * Why a connection ended, whatever the transport:
 * signed-out (4401, 401), refused (4403, 403), busy (4429, 429: too many connections), unsupported (this server or
 * network cannot do it at all), lost (anything else: worth another try).
 * @typedef {"signed-out"|"refused"|"busy"|"unsupported"|"lost"} Reason
 *
 * @typedef {object} Sink  where a connection puts what it hears; `closed` comes at most once, and last
 * @property {(snapshot: Snapshot) => void} snapshot
 * @property {(reason: Reason, retryAfter?: number) => void} closed  retryAfter in seconds
 * @property {(event: TraceEvent) => void} [trace]  what passes on the wire, if somebody wants to watch
 *
 * @typedef {object} TraceEvent
 * @property {"handshake"|"request"|"frame"|"heartbeat"|"close"} kind
 * @property {boolean} up    sent by us
 * @property {string} text   as near to the wire as JavaScript can see
 * @property {number} bytes  an estimate that includes framing and headers
 *
 * @typedef {object} Connection
 * @property {() => void} sync   prove that you are alive and current, or end
 * @property {() => void} close  end without a word to the sink
 *
 * Begins at once; the first snapshot it delivers means that it works. Throws if this browser or page can't do it.
 * @typedef {(push: URL, sink: Sink, options?: Options) => Connection} Open
 *
 * @typedef {object} Options  of a connection
 * @property {Credential} [credential]  this site's session if absent
 * @property {URL} [api]                where that session mints tickets; "/api/v1/"
 * @property {string} [csrfToken]       if the csrftoken cookie can’t be read
 * @property {string} [mqttUrl]         the broker, ws:// or wss://
 * @property {string} [user]            whose ticket it is, if that can't be read in it
 * @property {string} [language]        of the page, as HTML writes it: what arrives is told in it
 * @property {Ticket} [ticket]          set by `ticketed`
 *
 * @typedef {object} TicketWish  what a ticket is for, as POST /api/v1/tickets/ takes it
 * @property {number} [ttl]      seconds at most
 * @property {"mqtt"} [purpose]
 *
 * @typedef {object} Ticket
 * @property {string} text
 * @property {string} user        "" if it can't be read in the ticket
 * @property {number} expires     Unix seconds
 * @property {"mqtt"} [purpose]
 * @property {boolean} [fresh]    minted for this very use
 *
 * Asks the page's own server for a ticket of its user. None: nobody is signed in. A rejection: try again later.
 * @typedef {(wish: TicketWish) => Promise<string|null|undefined>} RenewTicket
 *
 * @typedef {object} Credential
 * @property {boolean} byTicket
 * @property {(url: URL, init?: RequestInit) => Promise<Response>} fetch  as that user; throws ApiError without a ticket
 * @property {(wish?: TicketWish) => Promise<Ticket>} ticket  throws ApiError
 * @property {(ticket: Ticket) => boolean} spoil  it was refused; says whether another one can be had
 *
 * @typedef {{name: string, open: Open}} Rung
 *
 * @typedef {"connecting"|"live"|"offline"|"signed-out"} State
 */
export {};
