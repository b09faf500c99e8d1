import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadNativeClient, REACT_NATIVE } from "./react-native.ts";
import { connectReply, created, refusals, rendering, startReply, useStartServer } from "./starts.ts";

/** What an app on React Native gets of each of our replies to a start: what it shows, and what reaches Daily. */

const server = useStartServer();
for (const [name, value] of Object.entries(REACT_NATIVE)) vi.stubGlobal(name, value);
const native = loadNativeClient();

/** What daily-js says to the console, which an app's developer reads. */
let warnings: string[];

beforeEach(() => {
  warnings = [];
  vi.spyOn(console, "warn").mockImplementation((...words) => warnings.push(words.join(" ")));
});
afterEach(() => {
  vi.restoreAllMocks();
});

it("is the newest release of the transport, of the client and of daily-js", () => {
  expect(native.versions).toEqual({ transport: "1.8.0", client: "1.13.1" });
  expect(native.daily).toBe(OWN.dailyJsVersion);
});

const BEFORE_ROOM = ["initializing", "initialized", "authenticating"];

describe("a start that the edge refuses", () => {
  it.each(refusals)(
    "$status ($code): the app shows our sentence and is disconnected",
    async ({ problem }) => {
      server.reply = rendering(problem);
      const start = native.start({ endpoint: server.endpoint("/api/rtvi/start"), requestData: {} });
      const error = await start.over.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      const detail = problem.message;
      expect(error).toBeInstanceOf(native.StartBotError);
      expect(error).toMatchObject({ message: detail, status: problem.status });
      expect(start.errors).toEqual([{ message: detail, fatal: true }]);
      await vi.waitFor(() => {
        expect(start.states).toEqual([...BEFORE_ROOM, "disconnecting", "disconnected"]);
      });
      expect([start.replies, start.joins, start.said]).toEqual([[], [], []]);
      expect(server.asked).toEqual(["POST /api/rtvi/start application/json"]);
    },
  );
});

/** What Daily is joined with beside what we replied: wishes of the app, the transport and daily-js. */
const OWN = {
  dailyConfig: expect.anything(),
  allowMultipleCallInstances: true,
  layout: "none",
  dailyJsVersion: "0.92.2",
  startVideoOff: true,
  startAudioOff: false,
};

describe("a start that succeeds", () => {
  it("leads into the room with the caller's token, and the bot hears of it", async () => {
    server.reply = created(startReply);
    const start = native.start({ endpoint: server.endpoint("/api/rtvi/start") });
    expect(await start.over).toEqual({ version: "2.1.0" });

    const { room_url: url, token, ...others } = startReply;
    expect(start.joins).toStrictEqual([{ ...OWN, url, token }]);
    expect(start.said).toEqual(["client-ready"]);
    expect(start.replies).toEqual([startReply]);
    expect(start.errors).toEqual([]);
    expect(server.asked).toEqual(["POST /api/rtvi/start application/json"]);
    // daily-js names each field that is not its own, and leaves it out.
    expect(warnings).toEqual(Object.keys(others).map((name) => `Ignoring unrecognized property '${name}'`));

    await start.leave();
    const inRoom = ["authenticated", "connecting", "connected", "ready"];
    expect(start.states).toEqual([...BEFORE_ROOM, ...inRoom, "disconnecting", "disconnected"]);
  });

  it("by a connect leads into the room without a word about fields", async () => {
    server.reply = created(connectReply);
    const start = native.start({ endpoint: server.endpoint("/connect") });
    expect(await start.over).toEqual({ version: "2.1.0" });
    expect(start.joins).toStrictEqual([{ ...OWN, url: connectReply.room_url, token: connectReply.token }]);
    expect(start.said).toEqual(["client-ready"]);
    expect(warnings).toEqual([]);
    await start.leave();
  });
});
