import { randomOf } from "../../test/support/random.ts";
import type { Aim, Bench, BenchOptions, BenchReport, Row } from "../common/bench.ts";
import { nowMs } from "../common/clock.ts";
import { converseBare, converseWithBot } from "./conversation.ts";
import { callSteps, plantedMs, plantedNotes } from "./own-options.ts";
import { heardBy } from "./rig/heard.ts";
import { type Rig, withRig } from "./rig/rig.ts";
import { Speech } from "./rig/speech.ts";
import { type Delays, delaysOf, markersIn, type TimedMarker } from "./timed-markers.ts";

const USUAL_CALLS = [1, 8];
/** Of what is said in each direction of a call. */
const ROUNDS_PER_RUN = 4;
/** A jitter buffer takes its time to find out how little it needs. */
const WARM_UP_ROUNDS = 2;
/** Two pages say different numbers at a time: what is heard in the wrong call is not found in the right one. */
const NUMBERS_APART = 7;

const ONE_WAY_MS = 70;
const MORE_THAN_FLOOR_MS = 10;
const NODE_ADDS_MS = 2;

const oneWay: Aim = {
  text: `≤ ${ONE_WAY_MS} ms, ≤ floor + ${MORE_THAN_FLOOR_MS} ms`,
  met: (ours, floor) => ours.median <= ONE_WAY_MS && ours.median <= (floor?.median ?? 0) + MORE_THAN_FLOOR_MS,
};
const nodeAdds: Aim = { text: `≤ ${NODE_ADDS_MS} ms`, met: ({ median }) => median <= NODE_ADDS_MS };

/** How long sound takes through the product, and how much of that is the bot's Node. */
export const latencyBench: Bench = {
  name: "latency",
  summary: "mouth to Gemini and Gemini to ear, against two bare daily-js pages; what Node adds",
  run: measure,
};

function measure(options: BenchOptions): Promise<BenchReport> {
  const steps = callSteps(options, USUAL_CALLS);
  const planted = plantedMs(options);
  return withRig({ calls: Math.max(...steps), plantedMs: planted, options }, (rig) =>
    measureSteps(rig, { steps, planted, options }),
  );
}

async function measureSteps(
  rig: Rig,
  { steps, planted, options }: { steps: readonly number[]; planted: number; options: BenchOptions },
): Promise<BenchReport> {
  const speech = await Speech.read();
  // Nobody is answered or interrupted: what is said is the benchmark's alone.
  await rig.gemini.heedSpeech(false);
  const rows: Row[] = [];
  const lost: string[] = [];
  for (const calls of steps) {
    options.progress(`${calls} calls: the others begin`);
    await rig.othersTalk(calls - 1, options);
    const step = await measureStep(rig, { calls, speech, options });
    rows.push(...step.rows);
    lost.push(`${calls} calls: ${step.lost.join(", ")}`);
  }
  return {
    workload:
      `${steps.join(" and ")} calls, of which one is listened to, and beside it a bare pair of pages; both are new ` +
      "in each run. In the others recorded speech, each side for half of the time",
    rows,
    notes: [
      ...plantedNotes(planted),
      "From the first sample at the mouth to the arrival of the message that has it; from Gemini's message to the first sample at the ear.",
      "Floor: the same speech from page to page, at the same time, while the calls go on.",
      "A sound waits for up to 20 ms until its frame is whole: 10 ms on average, which the floor has not.",
      `Markers that were said and not heard: ${lost.join("; ")}.`,
      rig.clocks.note(),
    ],
  };
}

/** What one call and one pair of pages have shown. */
interface Run {
  toGemini: Delays;
  toEar: Delays;
  bareUp: Delays;
  bareDown: Delays;
  uplinkMs: number[];
  downlinkMs: number[];
}

async function measureStep(
  rig: Rig,
  { calls, speech, options }: { calls: number; speech: Speech; options: BenchOptions },
): Promise<{ rows: Row[]; lost: string[] }> {
  const runs: Run[] = [];
  for (let run = 0; run < options.runs; run += 1) {
    options.signal.throwIfAborted();
    options.progress(`${calls} calls, run ${run + 1} of ${options.runs}`);
    runs.push(await measureRun(rig, { run, speech, options }));
  }
  const delays = (name: "toGemini" | "toEar" | "bareUp" | "bareDown") => runs.map((run) => run[name]);
  const ms = (all: readonly Delays[]) => all.flatMap((one) => one.ms);
  const at = `${calls} ${calls === 1 ? "call" : "calls"}`;
  const rows: Row[] = [
    {
      label: `mouth → Gemini, ${at}`,
      unit: "ms",
      ours: ms(delays("toGemini")),
      floor: ms(delays("bareUp")),
      aim: oneWay,
    },
    {
      label: `Gemini → ear, ${at}`,
      unit: "ms",
      ours: ms(delays("toEar")),
      floor: ms(delays("bareDown")),
      aim: oneWay,
    },
    {
      label: `Node adds towards Gemini, ${at}`,
      unit: "ms",
      ours: runs.flatMap(({ uplinkMs }) => uplinkMs),
      aim: nodeAdds,
    },
    {
      label: `Node adds to the first sound of an answer, ${at}`,
      unit: "ms",
      ours: runs.flatMap(({ downlinkMs }) => downlinkMs),
      aim: nodeAdds,
    },
  ];
  const lostOf = (name: string, all: readonly Delays[]) => {
    const missed = all.reduce((sum, one) => sum + one.lost, 0);
    return `${missed} of ${missed + ms(all).length} ${name}`;
  };
  return {
    rows,
    lost: [
      lostOf("at Gemini", delays("toGemini")),
      lostOf("at the ear", delays("toEar")),
      lostOf("of the bare pair", [...delays("bareUp"), ...delays("bareDown")]),
    ],
  };
}

async function measureRun(
  rig: Rig,
  { run, speech, options: { seed, signal } }: { run: number; speech: Speech; options: BenchOptions },
): Promise<Run> {
  await using call = await rig.openCall();
  await using pair = await rig.openPair();
  const rounds = WARM_UP_ROUNDS + ROUNDS_PER_RUN;
  const talk = (speaker: number) => ({
    rounds,
    offset: speaker * NUMBERS_APART,
    speech,
    random: randomOf(seed * 1_000 + 2 * run + speaker),
    signal,
  });
  const [bare, up] = await Promise.all([
    converseBare(pair, talk(0)),
    converseWithBot(call, rig.gemini, talk(1)),
  ]);
  await rig.stamps.caughtUp();
  const untilMs = nowMs();
  // The rounds are equally long, so the later one's warm-up is over for both.
  const fromMs = Math.max(...[bare.up, up].map((said) => said[WARM_UP_ROUNDS]?.atMs ?? untilMs));
  const measured = (markers: readonly TimedMarker[]) =>
    markers.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs);
  const { uplink, downlink } = rig.stamps.between(fromMs, untilMs);
  return {
    toGemini: delaysOf(measured(up), markersIn(await rig.gemini.heard(call.gemini))),
    toEar: delaysOf(measured(markersIn(await rig.gemini.said(call.gemini))), heardBy(call.page)),
    bareUp: delaysOf(measured(bare.up), heardBy(pair.far)),
    bareDown: delaysOf(measured(bare.down), heardBy(pair.near)),
    uplinkMs: uplink.map(({ oldestMs }) => oldestMs),
    downlinkMs: downlink.map(({ addedMs }) => addedMs),
  };
}
