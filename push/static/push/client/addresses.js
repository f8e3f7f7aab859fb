/** The addresses of the transports. @import {Ticket} from "./types.js" */

/**
 * With what can't be sent in a header.
 * @param {string} path @param {URL} push @param {{language?: string, ticket?: Ticket}} [options]
 */
export function address(path, push, { language, ticket } = {}) {
  const url = new URL(path, push);
  if (language) url.searchParams.set("language", language);
  if (ticket) url.searchParams.set("ticket", ticket.text);
  return url;
}

/** @param {URL} push @param {string} [language] */
export function socketAddress(push, language) {
  const url = address("ws/", push, { language });
  url.protocol = url.protocol.replace("http", "ws");
  return url;
}
