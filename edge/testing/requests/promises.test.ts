import { describe, expect, it } from "vitest";
import { openApiDocument } from "../../openapi/document.ts";
import type { Answer, Fields, SentRequest } from "./exchange.ts";
import { OpenApi } from "./open-api.ts";
import { type Expectations, Promises } from "./promises.ts";

const document: unknown = JSON.parse(JSON.stringify(openApiDocument({ publicUrl: "https://edge.example" })));
const promises = new Promises(new OpenApi(document));

const ID = "0123456789abcdef0123456789abcdef";
const ALLOWED = "https://app.example.com";
const FOREIGN = "https://evil.example";

interface Exchange {
  method?: string;
  target?: string;
  sent?: Fields;
  body?: string;
  status?: number;
  headers?: Record<string, string>;
  text?: string;
}

function complaints(exchange: Exchange, expected: Partial<Expectations> = {}): string {
  const { method = "POST", target = `/api/rtvi/${ID}/stop`, sent = [], body } = exchange;
  const request: SentRequest = {
    service: "",
    method,
    target,
    headers: sent,
    body: body === undefined ? undefined : new TextEncoder().encode(body),
  };
  const answer: Answer = {
    status: exchange.status ?? 200,
    headers: new Headers({
      "x-request-id": "1",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "content-type": "application/json",
      ...exchange.headers,
    }),
    text: exchange.text ?? JSON.stringify({ sessionId: "s", state: "completed", reason: "stopped" }),
  };
  const known: Expectations = {
    mayFailWith: [],
    withheld: [],
    origins: { allowed: [ALLOWED], foreign: [FOREIGN, "null"] },
    ...expected,
  };
  return promises.complaints(request, answer, known).join("; ");
}

function problem(status: number, code: string, exchange: Exchange = {}): Exchange {
  return {
    status,
    text: JSON.stringify({ type: "t", title: "t", status, detail: "It is so.", code, retryable: false }),
    ...exchange,
    headers: {
      "content-type": "application/problem+json",
      "www-authenticate": "Bearer",
      "retry-after": "1",
      ...exchange.headers,
    },
  };
}

const JSON_TYPE: Fields = [["content-type", "application/json"]];
const started = JSON.stringify({
  sessionId: ID,
  room: { url: "u", name: "n" },
  token: "t",
  expiresAt: "2030-01-01T00:00:00Z",
  rtvi: { startEndpoint: "s", wsEndpoint: "w" },
  room_url: "u",
});
const start: Exchange = {
  target: "/start",
  status: 201,
  text: started,
  headers: { "x-session-id": ID },
};

it.each<[string, Exchange]>([
  ["what is promised", {}],
  ["a problem that is promised", problem(404, "session_not_found")],
  ["no route", problem(404, "not_found", { target: "/nothing" })],
  ["another method", problem(405, "method_not_allowed", { method: "DELETE", headers: { allow: "POST" } })],
  ["a HEAD", { method: "HEAD", target: "/client-config", text: "" }],
  [
    "a HEAD of what takes only POST",
    { ...problem(405, "", { method: "HEAD", headers: { allow: "POST" } }), text: "" },
  ],
  ["a start", start],
  ["a start with a body that is described", { ...start, sent: JSON_TYPE, body: '{"user":{"locale":"de"}}' }],
  [
    "a preflight that is let in",
    {
      method: "OPTIONS",
      status: 204,
      text: "",
      sent: [["origin", ALLOWED]],
      headers: { "access-control-allow-origin": ALLOWED },
    },
  ],
  ["a preflight that is not", { method: "OPTIONS", status: 204, text: "", sent: [["origin", FOREIGN]] }],
  ["a foreign page", problem(403, "forbidden", { sent: [["origin", FOREIGN]] })],
  ["a path that is written otherwise", { target: `/api/rtvi/${ID}/%73top` }],
])("has nothing to say of %s", (_, exchange) => {
  expect(complaints(exchange)).toBe("");
});

describe("complains of an answer with", () => {
  it.each<[string, Exchange, string]>([
    ["another status", { status: 202 }, "202"],
    ["a field of another type", { text: '{"sessionId":1,"state":"completed"}' }, "sessionId"],
    ["a field that is missing", { text: '{"sessionId":"s"}' }, "state"],
    ["a state that is none", { text: '{"sessionId":"s","state":"paused"}' }, "state"],
    ["no JSON", { text: "<html>" }, "expected"],
    ["another type", { headers: { "content-type": "text/html" } }, "text/html"],
    ["a promised header missing", { ...start, headers: {} }, "x-session-id"],
    ["a code of another operation", problem(404, "not_found"), "not_found"],
    ["a fault", problem(500, "internal"), "nobody is to blame"],
    [
      "a refusal of others that nobody brought about",
      problem(503, "no_capacity", { target: "/start" }),
      "no_capacity",
    ],
    ["an error that is no problem", { status: 404, text: "{}" }, "no problem"],
    ["a problem without its fields", { ...problem(404, "session_not_found"), text: "{}" }, "code"],
    ["a problem of another status", { ...problem(404, "session_not_found"), status: 401 }, "404"],
    ["a good answer where nothing is", { target: "/nothing" }, "nothing is promised"],
    ["405 where nothing is", problem(405, "method_not_allowed", { target: "/nothing" }), "405"],
    ["404 where only the method is wrong", problem(404, "not_found", { method: "PUT" }), "404"],
    [
      "405 that tells other methods",
      problem(405, "method_not_allowed", { method: "PUT", headers: { allow: "GET" } }),
      "Allow",
    ],
    ["a body to a HEAD", { method: "HEAD", target: "/client-config", text: "{}" }, "HEAD"],
    ["a place in a cache", { headers: { "cache-control": "public" } }, "kept"],
    ["no challenge", problem(401, "unauthorized", { headers: { "www-authenticate": "" } }), ""],
  ])("%s", (_, exchange, word) => {
    expect(complaints(exchange)).toContain(word);
  });

  it.each<[string, Exchange, string]>([
    ["is shared with a foreign page", { headers: { "access-control-allow-origin": FOREIGN } }, "foreign"],
    ["is shared with everybody", { headers: { "access-control-allow-origin": "*" } }, "*"],
    ["changes something for a foreign page", {}, "let in"],
  ])("what %s", (_, exchange, word) => {
    expect(complaints({ ...exchange, sent: [["origin", FOREIGN]] })).toContain(word);
  });

  it("what a page that may use the service is not shown", () => {
    const exchange: Exchange = { method: "OPTIONS", status: 204, text: "", sent: [["origin", ALLOWED]] };
    expect(complaints(exchange)).toContain("preflight");
  });
});

describe("of a request that breaks the document", () => {
  const bad: [string, Exchange, string][] = [
    ["a field of another type", { sent: JSON_TYPE, body: '{"user":1}' }, "invalid_request"],
    ["a body that is no JSON", { sent: JSON_TYPE, body: "{" }, "invalid_json"],
    [
      "a body of another type",
      { sent: [["content-type", "text/plain"]], body: "{}" },
      "unsupported_media_type",
    ],
    ["a body of no type", { body: "{}" }, "unsupported_media_type"],
  ];
  const status: Record<string, number> = {
    invalid_request: 422,
    invalid_json: 400,
    unsupported_media_type: 415,
  };

  it.each(bad)("%s: an answer as to a good one is wrong", (_, exchange) => {
    expect(complaints({ ...start, ...exchange })).toContain("though the request has a fault");
  });

  it.each(bad)("%s: only the refusal of just that is right", (_, exchange, code) => {
    const refused = (other: string) =>
      complaints(problem(status[other] ?? 0, other, { ...exchange, target: "/start" }));
    expect(refused(code)).toBe("");
    for (const other of Object.keys(status).filter((one) => one !== code)) {
      expect(refused(other)).toContain("what is wrong is the body");
    }
  });

  it("a good body is not to be refused for its form", () => {
    const exchange = { target: "/start", sent: JSON_TYPE, body: "{}" };
    expect(complaints(problem(400, "invalid_json", exchange))).toContain("the body is good");
    expect(complaints(problem(415, "unsupported_media_type", exchange))).toContain("the body is good");
    expect(complaints(problem(422, "invalid_request", exchange))).toBe("");
  });

  it.each<[string, Exchange]>([
    ["an id", { target: "/api/rtvi/X/stop" }],
    ["a key", { ...start, sent: [["idempotency-key", "a b"]] }],
    ["a parameter that is needed", { method: "GET", target: `/api/rtvi/${ID}/events`, status: 101 }],
    ["a parameter", { method: "GET", target: `/api/rtvi/${ID}/events?ticket=x&after=-1`, status: 101 }],
  ])("%s", (_, exchange) => {
    expect(complaints(exchange)).toContain("parameter");
  });
});

it("takes a failure of others for theirs when it was brought about", () => {
  const exchange = problem(503, "no_capacity", { target: "/start" });
  expect(complaints(exchange, { mayFailWith: ["no_capacity"] })).toBe("");
});
