// A page of somebody's site in TypeScript: the declarations of reddot.js allow what the API does, and nothing else.
import { connect, type ClientFrame, type Item, type ServerFrame, type Written } from "./push/reddot.js";
import type { NotificationBell } from "./push/bell.js";
import type { BroadcastBanners } from "./push/banners.js";

const reddot = connect({ transport: "auto", language: "de" });
reddot.addEventListener("change", ({ detail }) => console.log(detail.unread, detail.unseen ?? 0, detail.item?.title));

export async function tidy(): Promise<Written> {
  const page = await reddot.api.inbox(20, { q: "tea", type: ["comment", "mention"], since: new Date(), important: true });
  const refs = page.items.filter((item: Item) => !item.read && item.level === "info").map(({ ref }) => ref);
  await reddot.seen(page.version);
  await reddot.api.snooze(refs[0], new Date());
  await reddot.api.changeAll({ thread: (await reddot.api.threads(1)).threads[0].key }, { archived: true }, page.version);
  const { undo } = await reddot.api.changeMany(refs, { read: true, starred: true, snoozed_until: null });
  return undo ? reddot.api.undo(undo) : reddot.api.press(refs[0], 1, "bell");
}

export async function settle(subject: string): Promise<string[]> {
  await reddot.api.silence(subject, { for: "week" });
  await reddot.api.setPreferences({ muted: ["like"] });
  return (await reddot.api.following(100)).items.map((each) => each.subject);
}

export const frames: ClientFrame[] = [{ type: "ping" }, { type: "seen", up_to: 5 }, { type: "read", refs: ["comment-7"] }];
export const unread = (frame: ServerFrame) => (frame.type === "unread" ? frame.unread : 0);
export const bell: NotificationBell | null = document.querySelector("notification-bell");
export const banners: BroadcastBanners | null = document.querySelector("broadcast-banners");

// @ts-expect-error: a filter lists pages, and changes none
reddot.api.changeAll({ before: "x" }, { read: true }, 5);
// @ts-expect-error: a silence has an end, or says "ever"
reddot.api.silence("blog.post:7", {});
// @ts-expect-error: no such frame
export const wrong: ClientFrame = { type: "unseen" };
