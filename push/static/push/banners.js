/**
 * Defines <broadcast-banners>: announcements on top of the page, and those that must be confirmed in a dialog. Attributes:
 * - user: the id; without it (and without a ticket) the banners for visitors are shown, from the address `visitors`
 * - api, push, inbox: URLs
 * - csrf-token, language
 * - ticket, ticket-url, or the property renewTicket, as of the bell (bell.js): for pages of another origin
 *
 * The banners that the server has rendered inside stay where they are; what comes later lies above the page, so that nothing
 * moves. With a bell on the page it needs no connection of its own.
 */
import { BroadcastBanners } from "./ui/broadcast-banners.js";

if (!customElements.get("broadcast-banners")) customElements.define("broadcast-banners", BroadcastBanners);
