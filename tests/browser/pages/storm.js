/* Events by the thousand, faster than a server commits them: they reach the page by the connections that it has, and what it
 * then asks the API is answered here, from copies of items that the API has sent. What is kept here is bounded. */
(() => {
  const KEPT = 250; // items in the mailbox: more than a page lists by itself
  const connections = new Set();
  const channel = new MessageChannel();
  for (const name of ["WebSocket", "EventSource"]) {
    window[name] = class extends window[name] {
      constructor(...args) {
        super(...args);
        connections.add(this);
      }
    };
  }
  const ask = window.fetch;
  const state = { items: [], made: 0, snapshot: null, samples: [] };

  window.storm = { prepare, blow };

  /* From now on the answers are ours. */
  async function prepare() {
    const page = await (await ask("/api/v1/inbox/")).json();
    state.samples = page.items;
    state.items = [...page.items];
    state.snapshot = await (await ask("/api/v1/unread/")).json();
    window.fetch = async (address, init = {}) => answer(new URL(address, location.href), init) ?? ask(address, init);
  }

  /* So many events; each is shown before the next one. */
  async function blow(times) {
    for (let each = 0; each < times; each += 1) {
      const item = change(each);
      push({ ...state.snapshot, ...(item && { item }) });
      await (each % 100 ? turn() : new Promise(requestAnimationFrame));
    }
    await new Promise(requestAnimationFrame);
    return state.snapshot;
  }

  /* An arrival, a read, a recall, or a change of nothing that is shown. Returns what has arrived. */
  function change(number) {
    const { items, snapshot } = state;
    const arrival = number % 2 ? null : arrive();
    if (number % 4 === 1) items[Math.floor(items.length / 2)] = { ...items[Math.floor(items.length / 2)], read: true };
    if (number % 8 === 3) items.splice(items.length >> 1, 1);
    items.splice(KEPT);
    const unread = items.filter((item) => !item.read).length;
    const ticks = arrival?.type === "broadcast" ? 1e9 : 1; // a broadcast advances the clock
    const version = snapshot.version + ticks;
    state.snapshot = { ...snapshot, version, unread, by_type: { system: unread }, unseen: unread, threads: unread };
    return arrival;
  }

  function arrive() {
    const sample = state.samples[state.made % state.samples.length];
    state.made += 1;
    const ref = `${sample.ref.replace(/\d+$/, "")}${1e6 + state.made}`;
    const item = { ...sample, ref, read: false, title: `${sample.title} ${state.made}`, created_at: new Date().toISOString() };
    state.items.unshift(item);
    return item;
  }

  function push(snapshot) {
    const data = JSON.stringify({ type: "unread", ...snapshot });
    for (const connection of connections) {
      if (connection.readyState > 1) connections.delete(connection);
      else connection.dispatchEvent(new MessageEvent(connection instanceof EventSource ? "unread" : "message", { data }));
    }
  }

  function answer({ pathname, searchParams }, { method = "GET" }) {
    const { user, version } = state.snapshot;
    const items = () => {
      const first = state.items.findIndex(({ ref }) => ref === searchParams.get("before")) + 1;
      const page = state.items.slice(first, first + Number(searchParams.get("limit")));
      return { user, version, items: page, next: page.at(-1) === state.items.at(-1) ? null : page.at(-1).ref };
    };
    const important = () => ({ ...items(), items: state.items.filter((item) => item.important && !item.read).slice(0, 3) });
    const thread = (item) => (
      { key: item.ref, title: item.title, items: 2, unread: item.read ? 0 : 2, moved_at: item.created_at, newest: item });
    const answers = {
      "GET /api/v1/inbox/": () => (searchParams.has("important") ? important() : items()),
      "GET /api/v1/inbox/threads/": () => ({ user, version, threads: items().items.map(thread), next: null }),
      "GET /api/v1/unread/": () => state.snapshot,
      "GET /api/v1/inbox/announcements/": () => ({ user, version, items: [] }),
      "POST /api/v1/inbox/seen/": () => ({ ...state.snapshot, changed: 0 }),
      "POST /api/v1/inbox/events/": () => ({}),
      "GET /push/poll/": () => state.snapshot,
    };
    const found = answers[`${method} ${pathname}`];
    if (!found) return undefined;
    const headers = { "Content-Type": "application/json", ETag: `"${version}"`, "X-Poll-Interval": "1" };
    return new Response(JSON.stringify(found()), { headers });
  }

  /* A task of its own, without the least time that timers wait. */
  function turn() {
    return new Promise((resolve) => {
      channel.port1.onmessage = resolve;
      channel.port2.postMessage(null);
    });
  }
})();
