/** Types of bell.js: `import "…/push/bell.js"` defines <notification-bell>. */
import type { Outage, RenewTicket, Snapshot, State, Transport } from "./reddot.js";

export type { Item, Outage, RenewTicket, Snapshot, State, TicketWish, Transport } from "./reddot.js";

export interface NotificationBell extends HTMLElement {
  /** The newest state, or null while there is none. */
  readonly snapshot: Snapshot | null;
  readonly state: State;
  readonly outage: Outage;
  /** The transport in use; "" while there is none. */
  readonly transport: Transport | "";
  /** Gets the next ticket; for pages of another origin. */
  renewTicket: RenewTicket | null;
  /** Take a snapshot that an API call of the page returned. */
  offer(snapshot: Snapshot): void;
  /** Connect now, rather than after a pause. */
  reconnect(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "notification-bell": NotificationBell;
  }
  interface DocumentEventMap {
    "reddot:change": CustomEvent<Snapshot>;
    "reddot:state": CustomEvent<{ state: State }>;
    "reddot:outage": CustomEvent<{ outage: Outage }>;
  }
}
