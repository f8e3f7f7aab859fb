/** Types of bell.js: `import "…/push/bell.js"` defines <notification-bell>. */
import type { RenewTicket, Snapshot, State, Transport } from "./reddot.js";

export type { Item, RenewTicket, Snapshot, State, TicketWish, Transport } from "./reddot.js";

export interface NotificationBell extends HTMLElement {
  /** The newest state, or null while there is none. */
  readonly snapshot: Snapshot | null;
  readonly state: State;
  /** The transport in use; "" while there is none. */
  readonly transport: Transport | "";
  /** Gets the next ticket; for pages of another origin. */
  renewTicket: RenewTicket | null;
  /** Take a snapshot that an API call of the page returned. */
  offer(snapshot: Snapshot): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "notification-bell": NotificationBell;
  }
  interface DocumentEventMap {
    "reddot:change": CustomEvent<Snapshot>;
    "reddot:state": CustomEvent<{ state: State }>;
  }
}
