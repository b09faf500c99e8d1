import { expect, it } from "vitest";
import type { Answer } from "./exchange.ts";
import { Memory, type Resolved } from "./memory.ts";
import type { PlannedRequest } from "./planned-request.ts";

const START: PlannedRequest = {
  service: "closed",
  method: "POST",
  path: "/start",
  session: { kind: "started", state: "any", which: 0 },
  query: [],
  headers: [],
  caller: { kind: "user", which: 1 },
  key: { kind: "none" },
  body: { kind: "text", text: "{}", type: "application/json" },
  upgrade: false,
  trouble: "none",
};

function memoryOf(maxSessions: number): Memory {
  return new Memory({
    tokensOf: (service) => (service === "closed" ? ["ada's", "bob's"] : []),
    linkTokenOf: async (sessionId) => `link-${sessionId}`,
    isRefused: ({ body }) => new TextDecoder().decode(body) === "nonsense",
    maxSessions,
  });
}

let sessions = 0;

function begun(): Answer {
  sessions += 1;
  const id = `session-${sessions}`;
  return {
    status: 201,
    headers: new Headers({ "x-session-id": id }),
    text: JSON.stringify({ rtvi: { wsEndpoint: `ws://edge.test/events?ticket=ticket-of-${id}` } }),
  };
}

/** Begins one; its id. */
async function begin(memory: Memory, plan: Partial<PlannedRequest> = {}): Promise<Resolved> {
  const resolved = await memory.resolve({ ...START, ...plan }, 1);
  memory.note(resolved, begun());
  return resolved;
}

const header = ({ request }: Resolved, name: string) => new Map(request.headers).get(name);

it("begins no more sessions than it may, and those all through the run", async () => {
  // A part of them is for those that meet trouble.
  const memory = memoryOf(6);
  const beganAt: number[] = [];
  for (let done = 0; done < 100; done++) {
    const resolved = await memory.resolve({ ...START, key: { kind: "new" } }, done / 100);
    if (resolved.plan.key.kind !== "new") continue;
    memory.note(resolved, begun());
    beganAt.push(done);
  }
  expect(beganAt).toEqual([0, 20, 40, 60, 80]);
  const after = await memory.resolve(START, 1);
  expect(header(after, "idempotency-key")).toMatch(/^a-key-that-nobody-guesses-\d+$/);
  expect(header(after, "authorization")).toBe("Bearer bob's");
});

it("has no more starts meet trouble than it may, and keeps those apart from the rest", async () => {
  const memory = memoryOf(10);
  let troubled = 0;
  for (let done = 0; done < 100; done++) {
    const { plan } = await memory.resolve({ ...START, trouble: "Daily refuses" }, done / 100);
    if (plan.trouble !== "none") troubled += 1;
  }
  expect(troubled).toBe(3);
  expect(memory.troubled).toBe(3);
  expect((await memory.resolve(START, 1)).plan).toEqual(START);
});

it("has a start refused where it may begin none, and there is none to repeat", async () => {
  const memory = memoryOf(0);
  const { request } = await memory.resolve(START, 0.5);
  expect(new TextDecoder().decode(request.body)).toBe("[]");
});

it("leaves a start as it is that is refused anyway", async () => {
  const memory = memoryOf(0);
  const plan = { ...START, body: { kind: "text", text: "nonsense", type: "application/json" } } as const;
  expect((await memory.resolve(plan, 0.5)).plan).toEqual(plan);
});

it("sends a start again just as it was, by the same caller", async () => {
  const memory = memoryOf(10);
  const first = await begin(memory, { key: { kind: "new" }, path: "/connect" });
  const again = await memory.resolve(
    {
      ...START,
      caller: { kind: "user", which: 0 },
      body: { kind: "none" },
      key: { kind: "again", state: "living", which: 7, same: true },
    },
    1,
  );
  expect(again.request).toEqual(first.request);
});

it("knows which sessions live, which have ended, whose they are", async () => {
  const memory = memoryOf(10);
  await begin(memory);
  await begin(memory, { caller: { kind: "user", which: 0 } });
  const view = (state: "living" | "ended"): PlannedRequest => ({
    ...START,
    method: "GET",
    path: "/api/rtvi/{id}",
    session: { kind: "started", state, which: 0 },
    caller: { kind: "owner" },
    body: { kind: "none" },
  });
  const living = await memory.resolve(view("living"), 1);
  expect((await memory.resolve(view("ended"), 1)).request.target).toContain("0".repeat(32));
  memory.note(
    { ...living, plan: { ...living.plan, method: "POST", path: "/api/rtvi/{id}/stop" } },
    { status: 200, headers: new Headers(), text: '{"state":"completed"}' },
  );
  const ended = await memory.resolve(view("ended"), 1);
  expect(ended.request.target).toBe(living.request.target);
  expect(header(ended, "authorization")).toBe("Bearer bob's");
  const other = await memory.resolve(view("living"), 1);
  expect(other.request.target).not.toBe(living.request.target);
  expect(header(other, "authorization")).toBe("Bearer ada's");
});

it("learns that a session has ended by itself", async () => {
  const memory = memoryOf(10);
  await begin(memory, { key: { kind: "new" } });
  const second = await begin(memory, { key: { kind: "new" } });
  const again = (which: number) =>
    memory.resolve({ ...START, key: { kind: "again", state: "living", which, same: true } }, 1);
  memory.note(await again(0), { status: 410, headers: new Headers(), text: "{}" });
  for (const which of [0, 1, 2]) expect((await again(which)).key).toBe(second.key);
});

it("gives a session's own ticket and link token, or another's", async () => {
  const memory = memoryOf(10);
  await begin(memory);
  const first = `session-${sessions}`;
  await begin(memory);
  const second = `session-${sessions}`;
  const ask = (ticket: "own" | "other", of: "own" | "other") =>
    memory.resolve(
      {
        ...START,
        method: "GET",
        path: "/events/{id}",
        query: [["ticket", { ticket }]],
        caller: { kind: "bot", of },
        upgrade: true,
      },
      1,
    );
  const own = await ask("own", "own");
  expect(own.request.target).toBe(`/events/${first}?ticket=ticket-of-${first}`);
  expect(header(own, "authorization")).toBe(`Bearer link-${first}`);
  expect(header(own, "upgrade")).toBe("websocket");
  const other = await ask("other", "other");
  expect(other.request.target).toBe(`/events/${first}?ticket=ticket-of-${second}`);
  expect(header(other, "authorization")).toBe(`Bearer link-${second}`);
});

it("writes nothing into an address that cannot be sent", async () => {
  const text = "😀 /?#\\\ud800%00";
  const { request } = await memoryOf(1).resolve(
    { ...START, path: "/x/{id}", session: { kind: "text", text }, query: [["a", "\ud800&"]] },
    1,
  );
  expect(request.target).toMatch(/^\/x\/[\x21-\x7e]+\?a=%EF%BF%BD%26$/);
  expect(request.target.split("/")).toHaveLength(3);
});
