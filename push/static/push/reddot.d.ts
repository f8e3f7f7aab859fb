/** Types of reddot.js. */

/** An item that arrived, its texts cut for a toast. From the API the texts are whole, with `read` and `archived`. */
export interface Item {
  /** "comment-123" */
  ref: string;
  type: string;
  title: string;
  /** Plain text. */
  body: string;
  /** From the API only, of announcements: the text as sanitised HTML. */
  body_html?: string;
  /** From the API only, of announcements: the language of title and text, if it is known. */
  lang?: string;
  url: string;
  /** ISO 8601 */
  created_at: string;
  level: "info" | "success" | "warning" | "critical";
  /** What it is about, "blog.post:7", if that is known. */
  subject?: string;
  /** From the API only: at most two links below the text. */
  buttons?: { label: string; lang?: string; url: string }[];
  /** From the API only, of messages: the number of the button that the user pressed last. */
  pressed?: number;
  /** Who did it, if the site has faces (`INBOX_ACTORS`); `picture` and `url` may be "". */
  actor?: { name: string; picture: string; url: string };
  /** Where an announcement that arrived shows beside the inbox. */
  kinds?: ("banner" | "dialog")[];
  read?: boolean;
  archived?: boolean;
  starred?: boolean;
  /** Whether its level or its type is important on this site. */
  important?: boolean;
  /** ISO 8601: hidden until then. Absent unless it is snoozed. */
  snoozed_until?: string;
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
  /** Unread items that the user has not seen yet. Absent if a server of an older version sent the snapshot. */
  unseen?: number;
  /** Threads with unread items; each unread broadcast is one. Absent before the first snapshot of this release. */
  threads?: number;
  item?: Item;
}

export type State = "connecting" | "live" | "offline" | "signed-out";

/** Why what a bell shows may be out of date: no network, or no connection for two seconds; "" if it is up to date. */
export type Outage = "" | "offline" | "unreachable";
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

/** Which items of the inbox: those with all of these properties. */
export interface InboxFilter {
  /** `next` of the page before. */
  before?: string;
  /** Words that must all be in an item, in any case and script. */
  q?: string;
  /** Several are separated by commas. */
  type?: string | string[];
  not_type?: string | string[];
  /** The id of the user who did it. */
  actor?: number | string;
  unread?: boolean;
  read?: boolean;
  /** Archived or snoozed items are listed instead of the others. */
  archived?: boolean;
  snoozed?: boolean;
  starred?: boolean;
  important?: boolean;
  /** When they arrived: then or later, and before. A text is ISO 8601 with a time zone. */
  since?: Date | string;
  until?: Date | string;
  /** What they are about: "blog.post:7". */
  subject?: string;
  /** `key` of a thread. */
  thread?: string;
}

/** What can be changed of an item. Archiving reads it; a snoozed one returns unread; null ends a snooze. */
export interface Changes {
  read?: boolean;
  archived?: boolean;
  starred?: boolean;
  /** A text is ISO 8601 with a time zone. */
  snoozed_until?: Date | string | null;
  deleted?: boolean;
}

export type Surface = "inbox" | "bell" | "toast" | "banner" | "dialog";

/** The answer to a write: the state after it. */
export interface Written extends Snapshot {
  /** How many items changed. */
  changed: number;
  /** Pass it to `undo` within ten minutes; null if there is nothing to undo. */
  undo: string | null;
}

export interface Changed extends Written {
  /** Whether items may be left, because of `limit`. */
  more: boolean;
}

/** `restored` items are as they were before; `skipped` ones were changed since, or are gone. */
export interface Undone extends Written {
  restored: number;
  skipped: number;
}

/** A page of a list. `next` is the filter's `before` for the next one; null on the last. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** `version` was read before the items: pass it to `readUpTo`, `seen` or `changeAll`. */
export interface InboxPage extends Page<Item> {
  user: number | string;
  version: number;
}

export interface Counted {
  user: number | string;
  version: number;
  count: number;
  /** Whether there are more, or a search has not looked at all items. */
  capped: boolean;
}

/** Items about the same thing, in one sentence. Of an announcement, the key is its ref. */
export interface Thread {
  key: string;
  title: string;
  items: number;
  unread: number;
  /** ISO 8601: when an item last arrived or became unread again. */
  moved_at: string;
  newest: Item;
}

export interface ThreadPage {
  user: number | string;
  version: number;
  threads: Thread[];
  next: string | null;
}

/** A banner or dialog that the user has yet to close or confirm. */
export interface Announcement extends Item {
  kinds: ("banner" | "dialog")[];
  buttons: { label: string; lang?: string; url: string }[];
}

export interface Followed {
  subject: string;
  /** ISO 8601 */
  since: string;
}

export interface Silenced extends Followed {
  /** null: for ever. */
  until: string | null;
}

/** "" means not chosen. */
export interface Preferences {
  /** Messages of these types arrive already read. */
  muted: string[];
  language: string;
  /** "Europe/Berlin" */
  time_zone: string;
  /** Whether letters and other characters are shortcuts. */
  character_keys: boolean;
  /** How close together the rows of the inbox page and of the bell's panel are. */
  density: "comfortable" | "compact";
}

/** A link of an announcement was followed, or it was shown or seen; for its authors. */
export interface Engagement {
  ref: string;
  what: "shown" | "seen" | "clicked";
  /** The position of the button; without it, the link. */
  button?: number;
  surface?: Surface;
  version?: number;
}

/**
 * All that a user can do with the REST API. Writes resolve to the state after them, which `RedDot` takes in by itself.
 *
 * Rejects with an Error that has the HTTP `status`, or with TypeError without a network. The optional `version` of a write is that of
 * what was on screen: if an announcement was shown again since, nothing is written (409).
 */
export interface Api {
  unread(): Promise<Snapshot>;
  inbox(limit: number, filter?: InboxFilter): Promise<InboxPage>;
  /** The last moved first. */
  threads(limit: number, filter?: InboxFilter): Promise<ThreadPage>;
  /** The items of one thread. */
  thread(key: string, limit: number, before?: string): Promise<InboxPage>;
  /** How many items the filter chooses, counted up to 10,000. `version` was read before: pass it to `changeAll`. */
  count(filter: Omit<InboxFilter, "before">): Promise<Counted>;
  /** Without marking it as read. */
  item(ref: string): Promise<Item>;

  /** `act`, also below: a random token of your own, 22 to 43 of `A–Z a–z 0–9 - _`; see `changeAll`. */
  change(ref: string, changes: Changes, version?: number, act?: string): Promise<Written>;
  /** At most 1,000, in one transaction. */
  changeMany(refs: string[], changes: Changes, version?: number, act?: string): Promise<Changed>;
  /**
   * All that the filter listed on the page of this version. `act`, also below: a random token of your own, 22 to 43 of
   * `A–Z a–z 0–9 - _`. `undo` is the same then, so the write can be undone although no answer came, or it failed midway; sent
   * again with it, it goes on. An error has `undo`, too, if something was written before it. `limit`: change at most so many, 10,000
   * at most; while the answer has `more`, the same call with the same `act` goes on.
   */
  changeAll(filter: Omit<InboxFilter, "before">, changes: Changes, version: number, act?: string, limit?: number): Promise<Changed>;
  read(refs: string[], version?: number, act?: string): Promise<Written>;
  /** All that the page of this version listed, of one type or of all. */
  readUpTo(version: number, type?: string, act?: string): Promise<Written>;
  archive(ref: string, archived?: boolean): Promise<Written>;
  star(ref: string, starred?: boolean): Promise<Written>;
  /** Hidden until then; null: it returns now. */
  snooze(ref: string, until: Date | string | null): Promise<Written>;
  /** Delete it; `restore` brings it back for ten minutes. */
  remove(ref: string, version?: number, act?: string): Promise<Written>;
  restore(ref: string): Promise<Written>;
  /** A button of an item was pressed, which reads the item. The last press counts; the page follows the link. */
  press(ref: string, button: number, surface?: Surface, version?: number, act?: string): Promise<Written>;
  /** Undo a write, by `undo` of its answer. */
  undo(token: string, act?: string): Promise<Undone>;
  /** What was listed at this version was shown to the user: it is no longer unseen. */
  seen(version: number): Promise<Snapshot & { changed: boolean }>;
  /** Read what a page has shown: what `{% visited %}` has put into it. */
  visited(visit: string, act?: string): Promise<Written>;

  announcements(): Promise<{ user: number | string; version: number; items: Announcement[] }>;
  closeBanner(ref: string, version?: number): Promise<Written>;
  /** It can't be undone. */
  confirm(ref: string, version?: number): Promise<Snapshot>;
  /** `closeBanner` or `confirm`. */
  answer(act: "close" | "confirm", ref: string, version?: number): Promise<Snapshot | Written>;
  /** At most 100. */
  report(events: Engagement[]): Promise<void>;

  /** The newest first. */
  following(limit: number, before?: string): Promise<Page<Followed>>;
  /** Rejects with status 403 if the site does not let the user follow "blog.post:7". */
  follow(subject: string): Promise<Snapshot>;
  unfollow(subject: string): Promise<Snapshot>;
  /** The newest first. */
  silences(limit: number, before?: string): Promise<Page<Silenced>>;
  /** `until`: ISO 8601 */
  silence(subject: string, end: { for: "day" | "week" | "ever" } | { until: Date | string }): Promise<Snapshot>;
  unsilence(subject: string): Promise<Snapshot>;

  preferences(): Promise<Preferences>;
  /** Changes what is given; the rest stays. */
  setPreferences(changes: Partial<Preferences>): Promise<Snapshot>;
  /** For another connection or device, with the session only. */
  ticket(wish?: TicketWish): Promise<{ ticket: string; expires_at: string }>;
}

/** What a WebSocket client of your own may send, in the subprotocol reddot.v1.json (or reddot.v1.msgpack). */
export type ClientFrame =
  | { type: "ping" }
  /** Send the current state. */
  | { type: "sync" }
  | { type: "read"; refs: string[]; version?: number; act?: string }
  | { type: "read_all"; up_to: number; act?: string }
  | { type: "undo"; undo: string; act?: string }
  | { type: "seen"; up_to: number };

/**
 * What it gets: the state, as it is after each write too; what a `read`, `read_all` or `undo` has changed, which comes first;
 * the answer to a ping; what was wrong with a frame.
 */
export type ServerFrame =
  | ({ type: "unread" } & Snapshot)
  | { type: "written"; changed: number; undo: string | null; restored?: number; skipped?: number }
  | { type: "pong" }
  | { type: "error"; code: string; detail: string };

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
  /** All that the user can do. */
  readonly api: Api;
  /** Take a snapshot that the page has from elsewhere, as from an API call of its own. */
  offer(snapshot: Snapshot): void;
  /** The user has seen what there is at this version, by default in `snapshot`: it is no longer unseen. */
  seen(version?: number): Promise<void>;
  /** Once the page is visible, read what it has shown: what `{% visited %}` has put into it. */
  visited(visit: string): void;
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
