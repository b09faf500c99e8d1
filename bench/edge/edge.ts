/**
 * What the edge adds to a start, and how much one workerd answers. The Worker as it is deployed, on workerd's own
 * socket; the floor is a bare Worker that makes the one call which cannot be left out.
 */
import type { Bench, BenchOptions, BenchReport, Row } from "../common/bench.ts";
import { startProgram } from "../common/listening-program.ts";
import { buildOurs, runOurs } from "../common/workerd/workerd.ts";
import { plantedMs } from "../latency/own-options.ts";
import { buildBare, runBare } from "./bare.ts";
import {
  CALLERS,
  type LoadFigures,
  type LoadName,
  measureLoads,
  type Starts,
  timeStarts,
} from "./measure.ts";

/** What making a room takes at Daily, about. */
const DAILY_MS = 30;

/** Loads vary less than single starts, and take longer. */
const LOADS_PER_RUN = 3 / 5;

export const edgeBench: Bench = {
  name: "edge",
  summary: "what the Worker adds to a start, and how many requests it answers",
  run: runEdge,
};

interface Measured {
  starts: Starts;
  loads: Map<LoadName, LoadFigures>[];
}

async function runEdge(options: BenchOptions): Promise<BenchReport> {
  const { runs, progress, signal } = options;
  const planted = plantedMs(options);
  progress("building the Worker");
  const [ours, bare] = await Promise.all([buildOurs(), buildBare()]);
  await using programs = new AsyncDisposableStack();
  const upstreams = "bench/edge/upstreams.ts";
  const daily = programs.use(await startProgram(upstreams, { DELAY_MS: String(DAILY_MS + planted) }));
  const floorDaily = programs.use(await startProgram(upstreams, { DELAY_MS: String(DAILY_MS) }));
  const bots = programs.use(await startProgram("test/campaign/api/bot-host.ts", {}));
  const vars = {
    APP_ENV: "development",
    // For the bots, of which there are none.
    PUBLIC_URL: "http://127.0.0.1:1",
    DAILY_API_URL: `${daily.url}/v1`,
    BOT_RUNTIME_URL: bots.url,
  };
  const measured: Measured = { starts: { ours: [], floor: [], withObject: [] }, loads: [] };
  for (let round = 0; round < runs; round += 1) {
    signal.throwIfAborted();
    const tell = (text: string) => progress(`round ${round + 1} of ${runs}: ${text}`);
    await using workers = new AsyncDisposableStack();
    // New ones each time: sessions that nobody joins end after a while, which is work too.
    const product = workers.use(await runOurs(ours, { vars }));
    const floor = workers.use(await runBare(bare, { DAILY_API_URL: `${floorDaily.url}/v1` }));
    tell("starts, one caller");
    const starts = await timeStarts({ product, floor }, signal);
    measured.starts.ours.push(...starts.ours);
    measured.starts.floor.push(...starts.floor);
    measured.starts.withObject.push(...starts.withObject);
    if (round >= runs * LOADS_PER_RUN) continue;
    measured.loads.push(await measureLoads({ product, floor }, { round, signal, progress: tell }));
  }
  return reportOf(measured, planted);
}

function reportOf({ starts, loads }: Measured, planted: number): BenchReport {
  const figures = (name: LoadName, figure: keyof LoadFigures) =>
    loads.flatMap((round) => round.get(name)?.[figure] ?? []);
  const perSecond = (label: string, ours: LoadName, floor: LoadName): Row => ({
    label: `${label}, ${CALLERS} callers`,
    unit: "/s",
    ours: figures(ours, "perSecond"),
    floor: figures(floor, "perSecond"),
  });
  const cpu = (label: string, ours: LoadName, floor: LoadName): Row => ({
    label: `  workerd's CPU ${label}`,
    unit: "ms",
    ours: figures(ours, "cpuMs"),
    floor: figures(floor, "cpuMs"),
  });
  return {
    workload:
      `starts by one caller and by ${CALLERS} at a time, rooms take ${DAILY_MS} ms at Daily, ` +
      "a bot host that takes every call; the deployed script on workerd's own socket",
    rows: [
      {
        label: "start, one caller",
        unit: "ms",
        ours: starts.ours,
        floor: starts.floor,
        aim: {
          text: "≤ floor + 10 ms",
          met: (ours, floor) => floor !== undefined && ours.median <= floor.median + 10,
        },
      },
      {
        label: "  beside the floor with an object",
        unit: "ms",
        ours: starts.ours,
        floor: starts.withObject,
      },
      perSecond("starts", "starts", "bare starts"),
      cpu("for a start", "starts", "bare starts"),
      cpu("for it, beside the floor with an object", "starts", "bare starts with an object"),
      perSecond("GET session", "sessions", "bare objects"),
      cpu("for a GET session", "sessions", "bare objects"),
      perSecond("GET /health", "health", "bare answers"),
      cpu("for a GET /health", "health", "bare answers"),
    ],
    notes: [
      ...(planted === 0 ? [] : [`PLANTED: our Daily takes ${planted} ms longer.`]),
      `Floor of a start: a bare Worker that makes the call of ${DAILY_MS} ms, and nothing else.`,
      "The floor with an object also stores one value in a new object at the same time, which is a new file here.",
      "Floor of GET session: a bare Worker and an object that reads one stored value.",
      "Load generator, Daily and bot host are processes of their own, but share the machine's cores.",
    ],
  };
}
