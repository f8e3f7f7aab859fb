/**
 * Defines <notification-bell>. Attributes: user (id), api, push, inbox (URLs), csrf-token, language, and
 * transport: "auto" (default: the best that works of "websocket", "sse", "long-poll", "short-poll"), one of these, or
 * "iframe" or "mqtt" (with mqtt-url, a ws:// or wss:// address of the broker).
 *
 * On a page of another origin it shows a ticket instead of the cookie: attribute ticket (the first one), and to get the
 * next ones ticket-url (an address of the page's own server that answers a POST with `{"ticket": …}`) or the property
 * renewTicket (an async function that returns a ticket). The user need not be named then.
 *
 * On document it dispatches `reddot:change` (detail: the snapshot, with `item` if something arrived).
 * Its method `offer(snapshot)` takes a snapshot that an API call of the page answered.
 */
import { NotificationBell } from "./ui/notification-bell.js";

if (!customElements.get("notification-bell")) customElements.define("notification-bell", NotificationBell);
