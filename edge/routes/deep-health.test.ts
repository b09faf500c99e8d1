import { describe, expect, test } from "vitest";
import { clientOf, TOKENS } from "../testing/callers.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { get, problemOf, withSettings } from "../testing/edge-client.ts";
import { refuse, useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { PRODUCTION } from "../testing/production.ts";
import { DeepHealth, Health } from "./health-reply.ts";

const fakes = useFakeUpstreams();
useCapturedLogs();

const DEEP = "/health?deep=1";
const production = clientOf({
  ...PRODUCTION,
  BOT_RUNTIME_URL: "https://bots.example.com",
  API_TOKENS: `ada:${TOKENS.ada}`,
  OPERATOR_TOKENS: `ops:${TOKENS.operator}`,
});

async function deep(): Promise<DeepHealth> {
  const response = await get(DEEP);
  expect(response.status).toBe(200);
  return DeepHealth.strict().parse(await response.json());
}

test("asks Daily and every host, once each", async () => {
  expect(await deep()).toEqual({
    status: "ok",
    checks: { daily: "not_configured", gemini: "not_configured", botHosts: "ok" },
    asked: {
      daily: { ms: expect.any(Number) },
      botHosts: [
        { id: "bots.test", status: "ok", ms: expect.any(Number), active: 1, capacity: 8, draining: false },
      ],
    },
  });
  expect(fakes.daily.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /v1/"]);
  expect(fakes.host.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /health"]);
});

test.each(["/health", "/health?deep=0", "/health?deep", "/health?deep=true"])(
  "%s calls nobody",
  async (path) => {
    expect(Health.strict().safeParse(await (await get(path)).json()).success).toBe(true);
    expect([fakes.daily.length, fakes.host.length]).toEqual([0, 0]);
  },
);

test("a Daily that refuses the key degrades the service", async () => {
  fakes.dailyAnswers.push(refuse(401, { error: "authentication-error" }));
  expect(await deep()).toMatchObject({
    status: "degraded",
    checks: { daily: "degraded", botHosts: "ok" },
    asked: { daily: { failure: "unauthorized" } },
  });
});

test.each([
  ["draining", { status: "ok", draining: true }, { status: "ok", draining: true }],
  ["degraded", { status: "degraded", draining: false }, { status: "degraded" }],
  ["down, which it says with a 503", { status: "down", draining: false }, { status: "down" }],
  ["something else", { hello: "world" }, { status: "unreachable" }],
])("a host that is %s degrades the service", async (_, body, seen) => {
  fakes.hostAnswers.push(refuse(503, { active: 0, capacity: 8, ...body }));
  const { status, checks, asked } = await deep();
  expect([status, checks.botHosts]).toEqual(["degraded", "degraded"]);
  expect(asked.botHosts).toEqual([expect.objectContaining(seen)]);
});

describe("in production", () => {
  const ask = (token?: string) =>
    production.call(DEEP, { method: "GET", ...(token === undefined ? {} : { token }) });

  test.each([
    ["somebody without a token", undefined, 401, "unauthorized"],
    ["a token that is none", "not-a-token-of-anybody", 401, "unauthorized"],
    ["a user", TOKENS.ada, 403, "forbidden"],
  ])("is not for %s", async (_, token, status, code) => {
    const response = await ask(token);
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toMatchObject({ code });
    expect([fakes.daily.length, fakes.host.length]).toEqual([0, 0]);
  });

  test("is for operators; what is cheap is for everybody", async () => {
    fakes.strays.length = 0;
    const response = await ask(TOKENS.operator);
    // The host of this production is nobody: it is asked all the same.
    const { asked } = DeepHealth.strict().parse(await response.json());
    expect(asked.botHosts).toEqual([
      { id: "bots.example.com", status: "unreachable", ms: expect.any(Number) },
    ]);
    expect(fakes.strays.splice(0)).toEqual(["https://bots.example.com"]);
    expect((await production.call("/health", { method: "GET" })).status).toBe(200);
  });
});

test("with settings that are wrong says which, while the cheap one answers", async () => {
  const wrong = { APP_ENV: "production", PUBLIC_URL: "" };
  expect(await problemOf(await withSettings(wrong, DEEP))).toMatchObject({ code: "misconfigured" });
  expect((await withSettings(wrong, "/health")).status).toBe(200);
});
