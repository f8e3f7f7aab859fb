/**
 * The words of the client, for editors and readers; nothing here runs.
 *
 * @typedef {object} Item  what arrived, for a toast; the inbox adds level, read, archived
 * @property {string} ref
 * @property {string} type
 * @property {string} title
 * @property {string} body
 * @property {string} url
 * @property {string} created_at  ISO 8601
 * @property {string} [level]
 * @property {boolean} [read]
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
 *
 * @typedef {object} Connection
 * @property {() => void} sync   prove that you are alive and current, or end
 * @property {() => void} close  end without a word to the sink
 *
 * Begins at once; the first snapshot it delivers means that it works.
 * @typedef {(push: URL, sink: Sink) => Connection} Open
 *
 * @typedef {{name: string, open: Open}} Rung
 *
 * @typedef {"connecting"|"live"|"offline"|"signed-out"} State
 */
export {};
