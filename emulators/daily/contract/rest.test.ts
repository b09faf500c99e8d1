import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EMULATED_DAILY } from "../../../protocol/development.ts";
import { REST_CALLS } from "../rest/rest.ts";
import { type Fixture, startFixture } from "../test-fixture.ts";
import { CALLS, REPLIES } from "./fixtures/rest-description.ts";

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});
afterEach(async () => {
  vi.useRealTimers();
  await fixture.close();
});

const domain = (headers?: Record<string, string>) => fixture.rest("GET", "/v1/", undefined, headers);
const order = (what: string, body: object) => fixture.rest("POST", `/_emulator/${what}`, body);

test("GET / tells of the domain", async () => {
  const { status, body } = await domain();
  expect(status).toBe(200);
  expect(body).toEqual({
    domain_name: "emulated",
    domain_id: EMULATED_DAILY.domainId,
    config: REPLIES.domain.config,
  });
});

describe("which calls there are", () => {
  const emulated = REST_CALLS.map((call) => call.replace(":name", "{}"));
  const others = CALLS.filter((call) => !emulated.includes(call));

  test("every call here is one of Daily's", () => {
    expect(emulated.filter((call) => !CALLS.includes(call))).toEqual([]);
  });

  test("each of Daily's others is told not to be emulated, also for a room that is there", async () => {
    await fixture.newRoom("name");
    for (const call of [...others, "PUT /rooms", "GET /rooms/{}/a/b", "GET /nowhere"]) {
      const [method = "", path = ""] = call.replaceAll("{}", "name").split(" ");
      const { status, body } = await fixture.rest(method, `/v1${path}`);
      expect({ call, status, body }).toEqual({
        call,
        status: 404,
        body: { error: "not-found", info: "There is no such resource, or it is not emulated." },
      });
    }
  });
});

describe("errors have Daily's shape and status", () => {
  test("no key, or not in Daily's way, is authorization-header-error", async () => {
    for (const authorization of ["", "Basic abc", EMULATED_DAILY.apiKey]) {
      const { status, body } = await domain({ authorization });
      expect({ status, error: body.error }).toEqual({ status: 400, error: "authorization-header-error" });
      expect(Object.keys(body)).toEqual(Object.keys(REPLIES.error));
    }
  });

  test("a wrong key is authentication-error", async () => {
    expect(await domain({ authorization: "Bearer wrong" })).toMatchObject({
      status: 401,
      body: { error: "authentication-error" },
    });
  });

  test("what is no JSON is json-parsing-error", async () => {
    expect(await fixture.rest("POST", "/v1/rooms", "{")).toMatchObject({
      status: 400,
      body: { error: "json-parsing-error" },
    });
  });

  test("a body that does not say that it is JSON is refused", async () => {
    const typed = await fixture.rest("POST", "/v1/rooms", "{}", { "content-type": "text/plain" });
    expect(typed).toMatchObject({ status: 400, body: { error: "invalid-request-error" } });
  });

  test.each([
    ["GET", "/"],
    ["POST", "/rooms"],
    ["GET", "/rooms/room"],
    ["POST", "/rooms/room"],
    ["DELETE", "/rooms/room"],
    ["POST", "/rooms/room/eject"],
    ["POST", "/meeting-tokens"],
    ["GET", "/presence"],
  ])("%s %s takes no query, and has no effect with one", async (method, path) => {
    await fixture.newRoom("room");
    expect(await fixture.rest(method, `/v1${path}?force=true`)).toEqual({
      status: 400,
      body: { error: "invalid-request-error", info: expect.stringMatching(/force/) },
    });
    expect((await fixture.rest("GET", "/v1/rooms")).body.total_count).toBe(1);
  });

  test("a body that is nested too deep is invalid, and no failure of the emulator", async () => {
    const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
    const body = `{"properties":{"auto_transcription_settings":{"a":${deep}}}}`;
    expect(await fixture.rest("POST", "/v1/rooms", body)).toMatchObject({
      status: 400,
      body: { error: "invalid-request-error" },
    });
  });

  test("a body without end is refused", async () => {
    const long = await fixture.rest("POST", "/v1/rooms", `"${"x".repeat(5_000_000)}"`);
    expect(long).toMatchObject({ status: 413, body: { error: "invalid-request-error" } });
  });
});

describe("rate limits", () => {
  async function statuses(calls: number, call: () => Promise<{ status: number }>): Promise<number[]> {
    const counted: number[] = [];
    for (let n = 0; n < calls; n++) counted.push((await call()).status);
    return counted;
  }

  test("are off unless they are asked for", async () => {
    expect(new Set(await statuses(120, domain))).toEqual(new Set([200]));
  });

  test("on, the hundred and first call within five seconds is 429 rate-limit-error", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    expect(await order("rate-limits", { enabled: true })).toEqual({ status: 200, body: { enabled: true } });
    expect(new Set(await statuses(100, domain))).toEqual(new Set([200]));
    expect(await domain()).toEqual({
      status: 429,
      body: { error: "rate-limit-error", info: expect.any(String) },
    });
    vi.setSystemTime(Date.now() + 5_000);
    expect((await domain()).status).toBe(200);
  });

  test("deletions have a limit of their own: fifty in thirty seconds", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await order("rate-limits", { enabled: true });
    const remove = () => fixture.rest("DELETE", "/v1/rooms/nowhere");
    expect(new Set(await statuses(50, remove))).toEqual(new Set([404]));
    expect((await remove()).status).toBe(429);
    expect((await domain()).status).toBe(200);
    vi.setSystemTime(Date.now() + 30_000);
    expect((await remove()).status).toBe(404);
  });

  test("a wrong key costs nobody's calls, and the emulator's own addresses are free", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await order("rate-limits", { enabled: true });
    await statuses(60, () => domain({ authorization: "Bearer wrong" }));
    await statuses(60, () => fixture.rest("GET", "/_emulator/state"));
    expect(new Set(await statuses(100, domain))).toEqual(new Set([200]));
  });

  test("a reset sets them back to how the emulator was started", async () => {
    await order("rate-limits", { enabled: true });
    await statuses(101, domain);
    await order("reset", {});
    expect(new Set(await statuses(101, domain))).toEqual(new Set([200]));
  });
});

describe("faults", () => {
  test.each([
    [429, "rate-limit-error"],
    [500, "server-error"],
    [503, "server-error"],
    [401, "authentication-error"],
    [403, "forbidden-error"],
    [404, "not-found"],
    [409, "invalid-request-error"],
  ])("the next call is answered with %i as Daily would, and has no effect", async (status, error) => {
    await order("faults", { fault: "rest", status });
    expect(await fixture.newRoom("room")).toEqual({ status, body: { error, info: expect.any(String) } });
    expect((await fixture.rest("GET", "/v1/rooms/room")).status).toBe(404);
    expect((await fixture.newRoom("room")).status).toBe(200);
  });

  test("so many calls fail, and the next is served", async () => {
    await order("faults", { fault: "rest", status: 503, count: 2 });
    const answers = [await domain(), await domain(), await domain()];
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 200]);
  });

  test("a call is delayed, and then served", async () => {
    await order("faults", { fault: "rest", delayMs: 150 });
    const before = performance.now();
    expect((await domain()).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThanOrEqual(149);
  });

  test("a reset cuts delays short: those calls fail, and have no effect on what comes after", async () => {
    await order("faults", { fault: "rest", delayMs: 3_600_000, count: 20 });
    const calls = Array.from({ length: 21 }, (_, n) => fixture.newRoom(`room-${n}`));
    // One of them is served, which shows that the others are those that wait.
    expect((await Promise.race(calls)).status).toBe(200);
    await order("reset", {});
    const cut = (await Promise.all(calls)).filter(({ status }) => status !== 200);
    expect(cut).toHaveLength(20);
    for (const { status, body } of cut) {
      expect({ status, error: body.error }).toEqual({ status: 503, error: "server-error" });
    }
    expect((await fixture.rest("GET", "/v1/rooms")).body.total_count).toBe(0);
  });

  test("a room that is late is there for REST, and not for joins", async () => {
    await order("faults", { fault: "roomLate", ms: 60_000 });
    await fixture.newRoom("room");
    expect((await fixture.rest("GET", "/v1/rooms/room")).status).toBe(200);
    const client = await fixture.connect();
    client.say({ type: "hello", room: "room" });
    expect((await client.hears("fatal")).error.type).toBe("no-room");
    await order("faults", { fault: "roomLate", ms: 0 });
    await fixture.join("room");
  });

  test("a reset clears them", async () => {
    await order("faults", { fault: "rest", status: 500, count: 10_000 });
    await order("faults", { fault: "roomLate", ms: 60_000 });
    await order("reset", {});
    await fixture.newRoom("room");
    await fixture.join("room");
  });
});
