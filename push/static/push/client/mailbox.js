/**
 * All that the API lets a user do, for the pages of a site: what inbox/shared/inbox-api.js leaves out is here, so that pages with no more
 * than a bell don't load it. Types: reddot.d.ts.
 * @import {Changes, TicketWish} from "../reddot.js"
 */
import { jsonRequest } from "../../inbox/shared/http.js";
import { InboxApi } from "../../inbox/shared/inbox-api.js";

export class Mailbox extends InboxApi {
  /** @param {string} ref */
  item(ref) {
    return this.request(`inbox/${encodeURIComponent(ref)}/?${this.#languageQuery()}`);
  }

  // Items

  /** @param {string} ref @param {boolean} [archived] */
  archive(ref, archived = true) {
    return this.change(ref, { archived });
  }

  /** @param {string} ref @param {boolean} [starred] */
  star(ref, starred = true) {
    return this.change(ref, { starred });
  }

  /** @param {string} ref @param {Date|string|null} until null: it returns now */
  snooze(ref, until) {
    return this.change(ref, { snoozed_until: until });
  }

  /** For ten minutes after `remove`. @param {string} ref */
  restore(ref) {
    return this.change(ref, { deleted: false });
  }

  // Announcements on top of the page

  /** @param {string} ref @param {number} [version] of what was shown */
  closeBanner(ref, version) {
    return this.answer("close", ref, version);
  }

  /** @param {string} ref @param {number} [version] of what was shown */
  confirm(ref, version) {
    return this.answer("confirm", ref, version);
  }

  // What the user has chosen

  /** What the user follows, the newest first. @param {number} limit @param {string} [before] */
  following(limit, before) {
    return this.request(`following/?${this.pageQuery(limit, { before })}`);
  }

  /** What the user has silenced, the newest first. @param {number} limit @param {string} [before] */
  silences(limit, before) {
    return this.request(`silences/?${this.pageQuery(limit, { before })}`);
  }

  /** A ticket for another connection or device. A page that has a ticket itself gets none. @param {TicketWish} [wish] */
  ticket(wish = {}) {
    return this.request("tickets/", jsonRequest("POST", wish));
  }

  #languageQuery() {
    return new URLSearchParams(this.language && { language: this.language });
  }
}
