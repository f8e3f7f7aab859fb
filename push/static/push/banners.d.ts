/** Types of banners.js: `import "…/push/banners.js"` defines <broadcast-banners>. */
import type { RenewTicket } from "./reddot.js";

export interface BroadcastBanners extends HTMLElement {
  /** Gets the next ticket; for pages of another origin. Set it before the element is added to the page. */
  renewTicket: RenewTicket | null;
}

declare global {
  interface HTMLElementTagNameMap {
    "broadcast-banners": BroadcastBanners;
  }
}
