import { describe, expect, test } from "vitest";
import { clientOf, newUser, started } from "../testing/callers.ts";
import { useCapturedLogs } from "../testing/captured-logs.ts";
import { problemOf } from "../testing/edge-client.ts";
import { useFakeUpstreams } from "../testing/fake-upstreams.ts";
import { PRODUCTION } from "../testing/production.ts";

const fakes = useFakeUpstreams();
const logs = useCapturedLogs();

/** As in wrangler.toml. */
const LIMIT = 10;

/** A body that is refused, so that a start that passes the brake begins nothing. */
const REFUSED = { body: [] };

/**
 * Asks until it is too often. The platform counts by the minute of the clock: where one ends between two of ours, as
 * many again may pass.
 */
async function untilLimited(ask: (count: number) => Promise<Response>): Promise<Response> {
  for (let count = 0; count <= 2 * LIMIT; count++) {
    const response = await ask(count);
    if (response.status === 429) {
      expect(count).toBeGreaterThanOrEqual(LIMIT);
      return response;
    }
    expect(response.status).toBe(422);
  }
  throw new Error(`${2 * LIMIT + 1} starts were let through`);
}

describe("starts in a short time", () => {
  test("of one user are limited, on all the addresses together, and the answer says when to come back", async () => {
    const { settings, token } = newUser();
    const service = clientOf(settings);
    const paths = ["/api/rtvi/start", "/start", "/connect"];
    const response = await untilLimited((count) =>
      service.call(paths[count % paths.length] ?? "", { ...REFUSED, token }),
    );
    expect(response.headers.get("retry-after")).toBe("60");
    expect(await problemOf(response)).toMatchObject({ code: "rate_limited", retryable: true });
    expect(logs.lines).toContainEqual(
      expect.objectContaining({ event: "start.rate_limited", caller: "user" }),
    );
    expect(fakes.daily.length + fakes.host.length).toBe(0);
  });

  test("of another user still pass, whatever the address", async () => {
    const one = newUser();
    const other = newUser();
    const headers = { "cf-connecting-ip": "203.0.113.1" };
    const startOf = ({ settings, token }: typeof one) =>
      clientOf(settings).start({ ...REFUSED, token, headers });
    await untilLimited(() => startOf(one));
    expect((await startOf(other)).status).toBe(422);
  });

  test("do not stand in the way of looking and stopping", async () => {
    const { settings, token } = newUser();
    const service = clientOf(settings);
    const { sessionId } = await started(clientOf(settings).start({ token }));
    // The start that worked counts as well.
    for (let i = 0; i < 2 * LIMIT; i++) await service.start({ ...REFUSED, token });
    expect((await service.view(sessionId, { token })).status).toBe(200);
    expect((await service.stop(sessionId, { token })).status).toBe(200);
  });

  test("of callers without a subject are limited by network in production, whatever they say of themselves", async () => {
    const service = clientOf(PRODUCTION);
    const startFrom = (address: string, count = 0) =>
      service.start({
        ...REFUSED,
        headers: { "cf-connecting-ip": address, "x-forwarded-for": `198.51.100.${count}` },
      });
    await untilLimited((count) => startFrom(`2001:db8:7:7:${count}::1`, count));
    expect((await startFrom("2001:db8:7:8::1")).status).toBe(422);
  });

  test.each([
    ["fails", { limit: () => Promise.reject(new Error("the counter is away")) }],
    ["is not there", undefined],
  ])("pass when the brake %s: it must not be what keeps everybody out", async (_, START_RATE) => {
    const { settings, token } = newUser();
    // A binding that breaks cannot have the binding's type.
    const broken = { ...settings, START_RATE } as unknown as Record<string, string>;
    await started(clientOf(broken).start({ token }));
    expect(logs.lines).toContainEqual(
      expect.objectContaining({ event: "start.rate_unknown", level: "error" }),
    );
  });

  test("are not limited in an open development, where all come from one address", async () => {
    const headers = { "cf-connecting-ip": "127.0.0.1" };
    const statuses: number[] = [];
    for (let i = 0; i <= 2 * LIMIT; i++) {
      statuses.push((await clientOf({}).start({ ...REFUSED, headers })).status);
    }
    expect(new Set(statuses)).toEqual(new Set([422]));
  });
});
