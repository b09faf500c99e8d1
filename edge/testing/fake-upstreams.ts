import { reset } from "cloudflare:test";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { StartSignal } from "../../protocol/bot-host.ts";

export interface SeenCall {
  origin: string;
  method: string;
  /** Path and query. */
  path: string;
  headers: Headers;
  text: string;
  /** What the caller would do with a redirect. */
  redirect: Request["redirect"];
}

type Answer = () => Response | Promise<Response>;

/** Daily, two bot hosts, of which the settings name the first, and the keys of an OpenID provider, at the addresses that the tests are configured with. */
export interface FakeUpstreams {
  daily: SeenCall[];
  host: SeenCall[];
  keys: SeenCall[];
  /** How the next calls are answered, one each; after them, and at first, everything works. */
  dailyAnswers: Answer[];
  hostAnswers: Answer[];
  keysAnswers: Answer[];
  /** Calls to anywhere else. The callers take them for a lost network; the test that made one fails. */
  strays: string[];
  /** The names of the rooms that there are. */
  rooms: Set<string>;
  /** The start signals that the host was sent. */
  signals(): StartSignal[];
}

/** The emulator's address, and that of the real service, for sessions whose settings hold a key. */
const DAILY: readonly string[] = ["http://daily.test", "https://api.daily.co"];
const HOST = "http://bots.test";
export const OTHER_HOST = "http://more-bots.test";
export const KEYS_URL = "https://id.test/keys";

/** Puts the fakes in place for every test of the file. */
export function useFakeUpstreams(): FakeUpstreams {
  const fakes: FakeUpstreams = {
    daily: [],
    host: [],
    keys: [],
    dailyAnswers: [],
    hostAnswers: [],
    keysAnswers: [],
    strays: [],
    rooms: new Set(),
    signals: () =>
      fakes.host
        .filter(({ method }) => method === "POST")
        .map(({ text }) => StartSignal.parse(JSON.parse(text))),
  };
  // For as long as the file runs: an alarm may call out between two tests.
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => answer(fakes, new Request(input, init)));
  beforeEach(() => {
    for (const list of Object.values(fakes)) if (Array.isArray(list)) list.length = 0;
    fakes.rooms.clear();
  });
  // Sessions of one test would go on ringing their alarms in the next.
  afterEach(async () => {
    await reset();
    expect(fakes.strays).toEqual([]);
  });
  return fakes;
}

async function answer(fakes: FakeUpstreams, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const call = {
    origin: url.origin,
    method: request.method,
    path: `${url.pathname}${url.search}`,
    headers: request.headers,
    text: await request.text(),
    redirect: request.redirect,
  };
  return untilAborted(answerOf(fakes, url.origin, call)(), request.signal);
}

function answerOf(fakes: FakeUpstreams, origin: string, call: SeenCall): Answer {
  if (DAILY.includes(origin)) {
    fakes.daily.push(call);
    return fakes.dailyAnswers.shift() ?? (() => dailyWorks(call, fakes.rooms));
  }
  if (origin === HOST || origin === OTHER_HOST) {
    fakes.host.push(call);
    return fakes.hostAnswers.shift() ?? (() => hostWorks(call));
  }
  if (origin === new URL(KEYS_URL).origin) {
    fakes.keys.push(call);
    return fakes.keysAnswers.shift() ?? (() => Response.json({ keys: [] }));
  }
  fakes.strays.push(origin);
  throw new Error(`nothing is at ${origin}`);
}

function dailyWorks({ method, path, text }: SeenCall, rooms: Set<string>): Response {
  if (method === "POST" && path === "/v1/rooms") {
    rooms.add(JSON.parse(text).name);
    return Response.json({ ...JSON.parse(text), id: "room" });
  }
  const [, name, what] = /^\/v1\/rooms\/([\w-]+)(?:\/(\w+))?$/.exec(path) ?? [];
  if (what === "eject") return Response.json({ ejectedIds: [] });
  if (name !== undefined && !(method === "DELETE" ? rooms.delete(name) : rooms.has(name))) {
    return Response.json({ error: "not-found", info: `room ${name} not found` }, { status: 404 });
  }
  if (method === "POST" && path === "/v1/meeting-tokens") {
    return Response.json({ token: `signed-by-daily-for-${JSON.parse(text).properties.user_id}` });
  }
  if (method === "GET" && path === "/v1/") {
    return Response.json({ domain_name: "example", domain_id: "domain-1", config: {} });
  }
  if (method === "DELETE") return Response.json({ deleted: true, name: path.split("/").at(-1) });
  return Response.json({});
}

function hostWorks({ method, text }: SeenCall): Response {
  const load = { active: 1, capacity: 8 };
  if (method === "GET") return Response.json({ ...load, status: "ok", draining: false });
  if (method === "DELETE") return Response.json({ ...load, stopped: true });
  const { sessionId, attempt } = StartSignal.parse(JSON.parse(text));
  return Response.json({ ...load, sessionId, attempt }, { status: 202 });
}

/** An answer that never comes, for deadlines. */
export const silence: Answer = () => new Promise(() => {});

export function refuse(status: number, body: unknown = {}): Answer {
  return () => Response.json(body, { status });
}

/**
 * An answer that waits for `release`. The response is made where it is awaited: workerd lets no request read
 * what another one made.
 */
export function held(answer: Answer): { answer: Answer; release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { answer: () => promise.then(answer), release: resolve };
}

async function untilAborted(answer: Response | Promise<Response>, signal: AbortSignal): Promise<Response> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([answer, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
