/**
 * Defines <notification-bell>. Attributes: user (id), api, push, inbox (URLs), csrf-token, language, and
 * transport: "auto" (default) or one rung of the ladder ("websocket", "sse", "long-poll", "short-poll").
 *
 * On document it dispatches `reddot:change` (detail: the snapshot, with `item` if something arrived).
 * Its method `offer(snapshot)` takes a snapshot that an API call of the page answered.
 */
import { NotificationBell } from "./ui/notification-bell.js";

if (!customElements.get("notification-bell")) customElements.define("notification-bell", NotificationBell);
