import type { DailyCallOptions } from "@daily-co/daily-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NEWEST_TRANSPORT, type TransportVersion } from "../support/client-bundle.ts";
import { loadClient } from "../support/client-without-media.ts";
import { connectReply, created, refusals, rendering, startReply, useStartServer } from "./starts.ts";

/** What an app on the official client gets of each of our replies to a start: what it shows, and where it goes. */

const server = useStartServer();

beforeEach(() => {
  // The client reads the name of the browser from it.
  vi.stubGlobal("window", { navigator: { userAgent: "an app" } });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const newest = loadClient(NEWEST_TRANSPORT);

describe("a start that the edge refuses, seen by client-js 1.13.1", () => {
  it("is that release", () => {
    expect(newest.versions).toEqual({ transport: "1.6.9", client: "1.13.1" });
  });

  it("has every status of the table", () => {
    expect([...new Set(refusals.map(({ status }) => status))].toSorted()).toEqual([
      400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 502, 503,
    ]);
  });

  it.each(refusals)(
    "$status ($code): the app shows our sentence and is disconnected",
    async ({ code, problem }) => {
      server.reply = rendering(problem);
      expect(problem.code).toBe(code);
      const detail = problem.message;
      const start = newest.start({
        endpoint: server.endpoint("/api/rtvi/start"),
        requestData: { metadata: {} },
      });
      const error = await start.over.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );

      expect(error).toBeInstanceOf(newest.StartBotError);
      expect(error).toMatchObject({ message: detail, status: server.reply.status });
      expect(start.errors).toEqual([{ message: detail, fatal: true }]);
      expect(start.states).toEqual([
        "initializing",
        "initialized",
        "authenticating",
        "disconnecting",
        "disconnected",
      ]);
      expect(start.replies).toEqual([]);
      expect(start.joins).toEqual([]);
      // Once: the client tries nothing again by itself, and a refusal costs the edge no more than this.
      expect(server.asked).toEqual(["POST /api/rtvi/start application/json"]);
    },
  );
});

/** Options of Daily's `join()`: a field of ours with such a name would be acted on there, not ignored. */
type NoOptionOfDaily = { [Option in keyof DailyCallOptions]?: never } & Record<string, unknown>;

/**
 * What each release makes of a reply: `room_url` before `dailyRoom` becomes `url`, `dailyToken` goes before `token`,
 * and all the rest goes to `join()`.
 */
describe.each<{ transport: TransportVersion; client: string }>([
  { transport: "1.4.1", client: "1.4.1" },
  { transport: "1.5.0", client: "1.5.0" },
  { transport: "1.6.0", client: "1.6.1" },
  { transport: "1.6.9", client: "1.13.1" },
])("a start that succeeds, with transport $transport and client-js $client", ({ transport, client }) => {
  const released = loadClient(transport);

  it("is that release", () => {
    expect(released.versions).toEqual({ transport, client });
  });

  it("the reply of a start leads into the room, with the caller's token", async () => {
    server.reply = created(startReply);
    const start = released.start({ endpoint: server.endpoint("/api/rtvi/start") });
    await start.over;

    const { room_url: url, token, ...others } = startReply;
    const ignored = others satisfies NoOptionOfDaily;
    expect(start.joins).toStrictEqual([{ url, token, ...ignored }]);
    expect(start.replies).toEqual([startReply]);
    expect(start.errors).toEqual([]);
    expect(start.states).toEqual([
      "initializing",
      "initialized",
      "authenticating",
      "authenticated",
      "connecting",
      "connected",
      "ready",
    ]);
    expect(server.asked).toEqual(["POST /api/rtvi/start application/json"]);
  });

  it("the reply of a connect is an address and a token, and nothing that an old daily-js would refuse", async () => {
    server.reply = created(connectReply);
    const start = released.start({ endpoint: server.endpoint("/connect") });
    await start.over;
    expect(start.joins).toStrictEqual([{ url: connectReply.room_url, token: connectReply.token }]);
  });
});
