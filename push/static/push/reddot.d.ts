/** Types of reddot.js. */

/** An item that arrived, its texts cut for a toast. From the API the texts are whole, with `read` and `archived`. */
export interface Item {
  /** "comment-123" */
  ref: string;
  type: string;
  title: string;
  /** Plain text. */
  body: string;
  url: string;
  /** ISO 8601 */
  created_at: string;
  level: "info" | "success" | "warning" | "critical";
  /** Where an announcement that arrived shows beside the inbox. */
  kinds?: ("banner" | "dialog")[];
  read?: boolean;
  archived?: boolean;
}

/** The whole state of one user at one moment. Of two snapshots the one with the greater version is current. */
export interface Snapshot {
  /** A string for UUIDs and for numbers beyond 2^53 - 1. */
  user: number | string;
  version: number;
  unread: number;
  /** There are more than `unread`: the server stopped counting. */
  capped: boolean;
  by_type: Record<string, number>;
  item?: Item;
}

export type State = "connecting" | "live" | "offline" | "signed-out";
export type Transport = "websocket" | "sse" | "long-poll" | "short-poll" | "iframe" | "mqtt";

export interface TicketWish {
  /** The longest lifetime, in seconds. */
  ttl?: number;
  purpose?: "mqtt";
}

/** Resolves to a ticket of the page's user, or to nothing if nobody is signed in. Rejects if it should be retried later. */
export type RenewTicket = (wish: TicketWish) => Promise<string | null | undefined>;

export interface Settings {
  /** Address of the push endpoints; "/push/" */
  push?: string | URL;
  /** Address of the API; "/api/v1/" */
  api?: string | URL;
  /** The user's id; without it the first snapshot tells. */
  user?: string | number;
  transport?: "auto" | Transport;
  /** Of titles and texts that arrive: one of the site's languages; default: the page's `lang`. */
  language?: string;
  /** The broker, ws:// or wss:// */
  mqttUrl?: string;
  /** If the csrftoken cookie can't be read. */
  csrfToken?: string;
  /** For a page of another origin: the first ticket. */
  ticket?: string;
  /** An address of the page's own server that answers a POST with `{"ticket": …}`. */
  ticketUrl?: string;
  renewTicket?: RenewTicket;
}

/** Rejects with an Error that has the HTTP `status`, or with TypeError without a network. */
export interface Api {
  inbox(limit: number): Promise<{ user: number | string; version: number; items: Item[]; next: string | null }>;
  read(refs: string[]): Promise<Snapshot>;
  readUpTo(version: number): Promise<Snapshot>;
}

export interface RedDotEventMap {
  change: CustomEvent<Snapshot>;
  state: CustomEvent<{ state: State; transport: Transport | "" }>;
}

/** The state of one user, kept up to date until `close()`. */
export class RedDot extends EventTarget {
  constructor(settings?: Settings);
  readonly snapshot: Snapshot | null;
  readonly state: State;
  readonly transport: Transport | "";
  /** Pass the snapshots it returns to `offer`. */
  readonly api: Api;
  offer(snapshot: Snapshot): void;
  close(): void;
  addEventListener<K extends keyof RedDotEventMap>(
    type: K, listener: (event: RedDotEventMap[K]) => void, options?: boolean | AddEventListenerOptions): void;
  addEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof RedDotEventMap>(
    type: K, listener: (event: RedDotEventMap[K]) => void, options?: boolean | EventListenerOptions): void;
  removeEventListener(
    type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

/** Connects at once. */
export function connect(settings?: Settings): RedDot;
