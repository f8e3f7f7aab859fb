/**
 * Defines <notification-bell>. Attributes:
 * - user: the id
 * - api, push, inbox: URLs
 * - csrf-token, language
 * - transport: "auto" (default: the best that works of "websocket", "sse", "long-poll", "short-poll"), one of these, "iframe",
 *   or "mqtt" (needs mqtt-url, a ws:// or wss:// address of the broker)
 * - badge: the number to show: "unread" (default), "unseen" or "threads"
 * - favicon: "off" leaves the icon alone
 *
 * A page of another origin uses tickets in place of the cookie: the attribute ticket (the first one), and for the next ones
 * ticket-url (an address of the page's own server that answers a POST with `{"ticket": …}`) or the property renewTicket (an
 * async function that returns a ticket). The attribute user may be left out then.
 *
 * It dispatches `reddot:change` on document (detail: the snapshot, with `item` if something arrived), and `reddot:state`
 * (detail: `{state}`). If what it shows may be out of date, it dispatches `reddot:outage` (detail: `{outage}`, "offline" or
 * "unreachable"), and again when that is over (""). A page that says so itself cancels that event.
 * Its method `offer(snapshot)` takes a snapshot that an API call of the page returned.
 */
import { NotificationBell } from "./ui/notification-bell.js";

if (!customElements.get("notification-bell")) customElements.define("notification-bell", NotificationBell);
