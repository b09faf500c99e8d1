/**
 * How long a user waits who has tapped Connect: until the official client says that the bot is ready, and until the
 * bot is heard. The floor is a bare daily-js page in the same Daily.
 */
import { z } from "zod";
import { EMULATED_DAILY } from "../../protocol/development.ts";
import type { Mark, SessionView } from "../../protocol/session.ts";
import { askJson } from "../../test/campaign/leaks/ask.ts";
import { BareBrowser, type BarePage } from "../common/bare-page/bare-page.ts";
import type { Bench, BenchOptions, BenchReport, Row } from "../common/bench.ts";
import { nowMs } from "../common/clock.ts";
import { interleave } from "../common/interleave.ts";
import { BenchBrowser } from "../common/page/bench-browser.ts";
import type { BenchPage } from "../common/page/bench-page.ts";
import { plantedMs } from "../latency/own-options.ts";
import type { ClientApi, ClientEvent } from "./client.page.ts";
import { Product } from "./product.ts";

/** What making a room takes at Daily, about. */
const DAILY_MS = 30;
/** Of each kind but the cold one, in each round. */
const STARTS = 3;
const HEARD_WITHIN_MS = 15_000;
const TONE_RATE = 48_000;

const StartReply = z.looseObject({ sessionId: z.string() });
const Room = z.object({ name: z.string(), url: z.string() });

export const startBench: Bench = {
  name: "start",
  summary: "from Connect until the bot is ready, and until it is heard",
  run: runStart,
};

async function runStart(options: BenchOptions): Promise<BenchReport> {
  const { runs, progress, signal } = options;
  const planted = plantedMs(options);
  progress("starting the product");
  await using owned = new AsyncDisposableStack();
  const product = owned.use(await Product.open());
  const { callMachineUrl } = product;
  const users = owned.use(await BenchBrowser.open({ entry: "bench/start/client.page.ts", callMachineUrl }));
  const bare = owned.use(await BareBrowser.open({ callMachineUrl }));
  const calls: Measured = { warm: [], cold: [], floor: [], bootMs: [] };
  await interleave({
    rounds: runs,
    measurements: {
      warm: async () => {
        // The first one finds what the round before has left: perhaps a bot runtime that has taken one call only.
        for (let count = 0; count <= STARTS; count += 1) {
          signal.throwIfAborted();
          const started = await startCall({ product, users, dailyMs: DAILY_MS + planted });
          if (count > 0) calls.warm.push(started);
        }
        return [];
      },
      floor: async () => {
        for (let count = 0; count < STARTS; count += 1) {
          signal.throwIfAborted();
          calls.floor.push(await joinBarely(product, bare));
        }
        return [];
      },
      cold: async () => {
        calls.bootMs.push(await product.restartBot());
        calls.cold.push(await startCall({ product, users, dailyMs: DAILY_MS + planted }));
        return [];
      },
    },
    options,
  });
  return reportOf(calls, { planted, clocks: await clocksNote(bare) });
}

/** The floor's times are partly ours and partly the page's. */
async function clocksNote(bare: BareBrowser): Promise<string> {
  await using page = await bare.newPage();
  const { offsetMs, withinMs } = await page.clockOffset();
  return `The clocks of Node and of pages differ by ${offsetMs.toFixed(2)} ms (± ${withinMs.toFixed(2)}).`;
}

/** All in ms since Connect was tapped, but the timeline: that is in ms since the edge has accepted the session. */
interface ProductStart {
  /** Of the request that starts the bot, alone. */
  request: number;
  answered: number;
  connected: number;
  ready: number;
  heard: number;
  timeline: SessionView["timeline"];
}

interface StartWish {
  product: Product;
  users: BenchBrowser;
  /** How long Daily takes to make the room. */
  dailyMs: number;
}

/**
 * The delay is of whichever call of the API comes next. Once in many starts that is the deletion of an earlier room,
 * which the edge puts off by seconds: then Daily was quicker than it ought to be, and the start is made again.
 */
const TRIES = 3;

async function startCall(wish: StartWish): Promise<ProductStart> {
  for (let count = 0; count < TRIES; count += 1) {
    const started = await startOnce(wish);
    if ((started.timeline.room ?? 0) >= wish.dailyMs) return started;
  }
  throw new Error("Daily does not take the time that it was told to");
}

async function startOnce({ product, users, dailyMs }: StartWish): Promise<ProductStart> {
  await using page = await users.newPage<ClientApi, ClientEvent>();
  await page.call("prepared");
  const heard = page.next(isSound, HEARD_WITHIN_MS, "a sound of the bot");
  await product.delayDaily(dailyMs);
  const connecting = page.call("connect", product.startUrl, product.callMachineUrl);
  const [{ atMs: heardAtMs }, tappedAtMs] = await Promise.all([heard, connecting]);
  const { sessionId } = StartReply.parse(clientEvent(page, "botStarted").data);
  const { timeline } = await product.session(sessionId);
  const request = await page.call("requestMs", product.startUrl);
  await page.call("hangUp");
  await product.end(sessionId);
  const since = (atMs: number) => atMs - tappedAtMs;
  return {
    request,
    answered: since(clientEvent(page, "botStarted").atMs),
    connected: since(clientEvent(page, "connected").atMs),
    ready: since(clientEvent(page, "botReady").atMs),
    heard: since(heardAtMs),
    timeline,
  };
}

type Told = Extract<ClientEvent, { type: "client" }>;

function clientEvent(page: BenchPage<ClientApi, ClientEvent>, name: Told["name"]): Told {
  const found = page.events.find((event) => event.type === "client" && event.name === name);
  if (found?.type !== "client") throw new Error(`The client did not tell of ${name}`);
  return found;
}

function isSound(event: ClientEvent): event is Extract<ClientEvent, { type: "sound" }> {
  return event.type === "sound";
}

/** In ms since the call of Daily's API. */
interface FloorStart {
  joined: number;
  /** Until it has the track of the other one. */
  track: number;
  heard: number;
}

/** One call of Daily's API, and into a room where somebody is talking already. */
async function joinBarely(product: Product, bare: BareBrowser): Promise<FloorStart> {
  for (let count = 0; count < TRIES; count += 1) {
    const { calledMs, ...joined } = await joinOnce(product, bare);
    if (calledMs >= DAILY_MS) return joined;
  }
  throw new Error("Daily does not take the time that it was told to");
}

async function joinOnce(product: Product, bare: BareBrowser): Promise<FloorStart & { calledMs: number }> {
  await using talker = await bare.newPage();
  await using listener = await bare.newPage();
  const { url } = await makeRoom(product);
  await talker.join({ url });
  await talker.repeat(tone());
  const heard = listener.next("sound", HEARD_WITHIN_MS);
  const track = listener.next("track", HEARD_WITHIN_MS);
  await product.delayDaily(DAILY_MS);
  const beganAtMs = nowMs();
  await makeRoom(product);
  const calledMs = nowMs() - beganAtMs;
  await listener.join({ url });
  const joinedAtMs = nowMs();
  const [{ atMs: heardAtMs }, { atMs: trackAtMs }] = await Promise.all([heard, track]);
  await leaveBoth(talker, listener);
  const since = (atMs: number) => atMs - beganAtMs;
  return { calledMs, joined: since(joinedAtMs), track: since(trackAtMs), heard: since(heardAtMs) };
}

async function leaveBoth(talker: BarePage, listener: BarePage): Promise<void> {
  await Promise.all([talker.leave(), listener.leave()]);
}

function makeRoom({ dailyApiUrl }: Product): Promise<z.infer<typeof Room>> {
  return askJson(Room, `${dailyApiUrl}/rooms`, {
    method: "POST",
    headers: { authorization: `Bearer ${EMULATED_DAILY.apiKey}` },
    body: { privacy: "public" },
  });
}

/** A second of it, which ends as it begins. */
function tone() {
  const samples = Float32Array.from(
    { length: TONE_RATE },
    (_, index) => 0.3 * Math.sin((2 * Math.PI * 440 * index) / TONE_RATE),
  );
  return { sampleRate: TONE_RATE, samples };
}

interface Measured {
  warm: ProductStart[];
  cold: ProductStart[];
  floor: FloorStart[];
  bootMs: number[];
}

function reportOf(calls: Measured, { planted, clocks }: { planted: number; clocks: string }): BenchReport {
  const { warm, cold, floor, bootMs } = calls;
  const joined = floor.map((one) => one.joined);
  const track = floor.map((one) => one.track);
  const heard = floor.map((one) => one.heard);
  return {
    workload:
      `a user with the official client, one after the other; a call of Daily's API takes ${DAILY_MS} ms, ` +
      "Gemini answers without thinking",
    rows: [
      {
        label: "bot-ready, warm",
        unit: "ms",
        ours: warm.map(({ ready }) => ready),
        floor: joined,
        aim: {
          text: "≤ 1.3 × floor",
          met: (ours, least) => least !== undefined && ours.median <= 1.3 * least.median,
        },
      },
      {
        label: "  the same, beside a page that has the other's track",
        unit: "ms",
        ours: warm.map(({ ready }) => ready),
        floor: track,
      },
      { label: "  the start is answered", unit: "ms", ours: warm.map(({ answered }) => answered) },
      { label: "    of that, the request itself", unit: "ms", ours: warm.map(({ request }) => request) },
      {
        label: "  then the client is in the room",
        unit: "ms",
        ours: warm.map(({ answered, connected }) => connected - answered),
      },
      {
        label: "  then the bot is ready",
        unit: "ms",
        ours: warm.map(({ connected, ready }) => ready - connected),
      },
      { label: "bot heard, warm", unit: "ms", ours: warm.map((one) => one.heard), floor: heard },
      ...timelineRows(warm),
      { label: "bot-ready, cold", unit: "ms", ours: cold.map(({ ready }) => ready), floor: joined },
      { label: "bot heard, cold", unit: "ms", ours: cold.map((one) => one.heard), floor: heard },
      { label: "bot runtime takes calls after its start", unit: "ms", ours: bootMs },
    ],
    notes: [
      ...(planted === 0 ? [] : [`PLANTED: Daily takes ${planted} ms longer to make our room.`]),
      "Floor of bot-ready: one call of Daily's API, then a bare daily-js page loads the call machine and joins a room.",
      "The official client says that it is ready only once it has the bot's track: hence the second row.",
      "Floor of bot heard: the same page, until it hears somebody who was talking in that room before.",
      "Before it asks for the bot, the official client opens the microphone and loads the call machine.",
      "Each user has a new tab. Loading the page, and opening a microphone, are not counted.",
      "Warm: a bot runtime that has taken a call before. Cold: the first call, at the moment at which it listens.",
      "“edge:” is the session's own timeline, since the edge has accepted it.",
      clocks,
    ],
  };
}

const MARKS: readonly Mark[] = [
  "room",
  "dispatched",
  "botJoined",
  "clientJoined",
  "clientReady",
  "firstBotAudio",
];

/** Those that every call has. */
function timelineRows(starts: readonly ProductStart[]): Row[] {
  return MARKS.flatMap((mark) => {
    const ours = starts.flatMap(({ timeline }) => timeline[mark] ?? []);
    return ours.length < starts.length ? [] : [{ label: `  edge: ${mark}`, unit: "ms" as const, ours }];
  });
}
