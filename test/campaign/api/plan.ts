import { pick, randomOf } from "../../support/random.ts";

/** Whose session a call is about: one that was started before, or what stands in its place. */
export type Target = { kind: "started"; which: number } | { kind: "literal"; id: string };

export interface PlannedCall {
  method: string;
  /** With `{id}` where the target's id belongs. */
  path: string;
  target?: Target;
  headers: Readonly<Record<string, string>>;
  /** As it is sent. */
  body?: string;
  /** Of a start: its events are watched as well, from the first to that of its stop. */
  watched?: boolean;
}

type Random = () => number;

const NOBODY = "0123456789abcdef0123456789abcdef";
const STARTS = ["/api/rtvi/start", "/start"] as const;
const PATHS = [
  ...STARTS,
  "/connect",
  "/health",
  "/client-config",
  "/openapi.json",
  "/api/rtvi/{id}",
  "/api/rtvi/{id}/stop",
  "/api/rtvi/{id}/events",
  "/internal/sessions/{id}/bot",
  "/api/nothing",
  "/api/rtvi/{id}/nothing",
] as const;
const LOCALES = ["en-US", "de", "fr-CA", "nl", "it-IT", "es-419"];
const EXPIRY_S = 4_102_444_800;

/** `calls` requests, in an order that the seed decides: most as an app makes them, the others as nobody should. */
export function planCalls({ seed, calls }: { seed: number; calls: number }): PlannedCall[] {
  const random = randomOf(seed);
  return Array.from({ length: calls }, () => pick(KINDS, random)(random));
}

const KINDS: readonly ((random: Random) => PlannedCall)[] = [
  goodStart,
  goodStart,
  spoiltStart,
  brokenBody,
  keyedStart,
  connect,
  ofSession,
  ofSession,
  ofNoSession,
  foreignPage,
  otherMethod,
  plainGet,
];

function goodStart(random: Random): PlannedCall {
  return { ...post(pick(STARTS, random), goodBody(random)), watched: random() < 0.2 };
}

/** Some fields of a request that is good. */
function goodBody(random: Random): Record<string, unknown> {
  const fields: Record<string, () => unknown> = {
    createDailyRoom: () => true,
    transport: () => "daily",
    user: () => ({ id: `user-${Math.floor(random() * 1e6)}`, name: "Ada", locale: pick(LOCALES, random) }),
    metadata: () => ({ persona: "a pirate", host: pick(["accepts", "accepts", "full", "breaks"], random) }),
    body: () => pick([null, { persona: "a poet" }], random),
    dailyRoomProperties: () => ({
      max_participants: 2 + Math.floor(random() * 3),
      enable_chat: random() < 0.5,
    }),
    dailyMeetingTokenProperties: () => ({ start_audio_off: random() < 0.5, is_owner: false }),
    enableDefaultIceServers: () => true,
  };
  const chosen = Object.entries(fields).filter(() => random() < 0.4);
  return Object.fromEntries(chosen.map(([name, value]) => [name, value()]));
}

/** A field of a good request replaced by a value that may be anything. */
function spoiltStart(random: Random): PlannedCall {
  const names = [
    ...["createDailyRoom", "roomUrl", "dailyRoomProperties", "dailyMeetingTokenProperties", "transport"],
    ...["user", "metadata", "body", "__proto__", "constructor"],
  ];
  const body = { ...goodBody(random), [pick(names, random)]: anything(random, 3) };
  return post(pick(STARTS, random), body);
}

function anything(random: Random, depth: number): unknown {
  const leaves = [
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    "",
    "x",
    "\u0000",
    "é😀",
    "bot-1",
    "x".repeat(600),
    EXPIRY_S,
  ];
  if (depth === 0 || random() < 0.4) return pick(leaves, random);
  const inner = Array.from({ length: Math.floor(random() * 4) }, () => anything(random, depth - 1));
  if (random() < 0.3) return inner;
  const names = [
    "id",
    "name",
    "locale",
    "exp",
    "voice",
    "is_owner",
    "permissions",
    "canSend",
    "privacy",
    "a",
  ];
  return Object.fromEntries(inner.map((value) => [pick(names, random), value]));
}

function brokenBody(random: Random): PlannedCall {
  const path = pick([...STARTS, "/connect"], random);
  const json = "application/json";
  return pick<() => PlannedCall>(
    [
      () => ({
        method: "POST",
        path,
        headers: { "content-type": json },
        body: pick(["{", "nonsense", "[1,"], random),
      }),
      () => ({ method: "POST", path, headers: { "content-type": "text/plain" }, body: "{}" }),
      () => ({
        method: "POST",
        path,
        headers: { "content-type": json },
        body: pick(["[]", "null", "1"], random),
      }),
      () => ({ method: "POST", path, headers: { "content-type": json }, body: "[".repeat(20_000) }),
      // Refused before it has come whole. The proxy of `wrangler dev` would lose the next request, were it left unread.
      () => ({
        method: "POST",
        path,
        headers: { "content-type": pick([json, "text/plain"], random) },
        body: " ".repeat(300_000),
      }),
    ],
    random,
  )();
}

/** Few keys and few bodies, so that they meet: again, with another body, after the end. */
function keyedStart(random: Random): PlannedCall {
  const key = pick(["a-key", "another-key", "a-third-key", "not a key", "x".repeat(256)], random);
  const planned = post("/start", pick([{}, { user: { id: "ada" } }, { metadata: { host: "full" } }], random));
  return { ...planned, headers: { ...planned.headers, "idempotency-key": key } };
}

function connect(random: Random): PlannedCall {
  const languages = [...LOCALES, "tlh", 5, null, ""];
  return post("/connect", pick([{}, ...languages.map((language) => ({ language }))], random));
}

function ofSession(random: Random): PlannedCall {
  return { ...pick(ON_SESSION, random), target: { kind: "started", which: random() }, headers: {} };
}

function ofNoSession(random: Random): PlannedCall {
  const id = pick([NOBODY, NOBODY.toUpperCase(), "x", "a".repeat(500), "%00"], random);
  return { ...pick(ON_SESSION, random), target: { kind: "literal", id }, headers: {} };
}

const ON_SESSION = [
  { method: "GET", path: "/api/rtvi/{id}" },
  { method: "GET", path: "/api/rtvi/{id}" },
  { method: "POST", path: "/api/rtvi/{id}/stop" },
  { method: "GET", path: "/api/rtvi/{id}/events" },
  { method: "GET", path: "/internal/sessions/{id}/bot" },
] as const;

function foreignPage(random: Random): PlannedCall {
  const origin = pick(["https://evil.example", "null", "http://localhost:3000", "nonsense"], random);
  const path = pick([...STARTS, "/connect", "/client-config", "/api/rtvi/{id}/stop"], random);
  const method = path === "/client-config" ? "GET" : "POST";
  return { method, path, target: { kind: "started", which: random() }, headers: { origin } };
}

function otherMethod(random: Random): PlannedCall {
  const method = pick(["GET", "POST", "PUT", "PATCH", "DELETE"], random);
  return { method, path: pick(PATHS, random), target: { kind: "started", which: random() }, headers: {} };
}

function plainGet(random: Random): PlannedCall {
  const path = pick(
    ["/health", "/health?deep=1", "/client-config", "/openapi.json", "/no/such/file"],
    random,
  );
  return { method: "GET", path, headers: {} };
}

function post(path: string, body: unknown): PlannedCall {
  return {
    method: "POST",
    path,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}
