// A program in TypeScript on what openapi-typescript makes of the document: it lists, sends and marks, all of it typed.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] }; // all that it needs of Node.js, whose declarations take long to read
const [root, ticket, token, name] = process.argv.slice(2);
const reader = createClient<paths>({ baseUrl: root, headers: { Authorization: `Bearer ${ticket}` } });
const service = createClient<paths>({ baseUrl: root, headers: { Authorization: `Bearer ${token}` } });

const event: components["schemas"]["CommentMessage"] = {
  type: "comment",
  recipients: [name],
  target_title: "Tea",
  strict: true,
  url: "/tea/",
};
// @ts-expect-error: a column that comments do not have
const wrong: components["schemas"]["CommentMessage"] = { ...event, level: "info" };

const sent = await service.POST("/api/v1/messages/", {
  body: event,
  params: { header: { "Idempotency-Key": '"generated"' } },
});
const page = await reader.GET("/api/v1/inbox/", { params: { query: { limit: 1, type: "comment" } } });
const [item] = page.data!.items;
const marked = await reader.POST("/api/v1/inbox/read/", { body: { refs: [item.ref] } });
const refused = await service.POST("/api/v1/messages/", { body: wrong });

console.log(
  JSON.stringify({
    created: sent.data!.send > 0 && "created" in sent.data! && sent.data!.created,
    title: item.title,
    read: item.read,
    unread: marked.data!.unread,
    refused: refused.error!.errors.map((fault) => fault.pointer),
  }),
);
