import { randomOf } from "../../test/support/random.ts";
import type { Aim, Bench, BenchOptions, BenchReport, Row } from "../common/bench.ts";
import { nowMs } from "../common/clock.ts";
import { converseBare, converseWithBot } from "./conversation.ts";
import { callSteps, plantedMs, plantedNotes } from "./own-options.ts";
import { clockNote } from "./rig/clocks.ts";
import { heardBy } from "./rig/heard.ts";
import { type Rig, withRig } from "./rig/rig.ts";
import { Speech } from "./rig/speech.ts";
import { type Delays, delaysOf, markersIn, type TimedMarker } from "./timed-markers.ts";

const USUAL_CALLS = [1, 8];
/** Of what is said in each direction of each call. */
const ROUNDS_PER_RUN = 5;
/** A jitter buffer takes its time to find out how little it needs. */
const WARM_UP_ROUNDS = 2;

/** Calls say different numbers at a time: what is heard in the wrong call is not found in the right one. */
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
    for (let count = rig.calls.length; count < calls; count += 1) {
      options.signal.throwIfAborted();
      options.progress(`call ${count + 1} of ${calls}`);
      await rig.addCall();
    }
    const step = await measureStep(rig, { speech, options });
    rows.push(...step.rows);
    lost.push(`${calls} calls: ${step.lost.join(", ")}`);
  }
  return {
    workload: `${steps.join(" and ")} calls and beside them a bare pair of pages; in each a second of real speech each way in turns, about 35 % of the time`,
    rows,
    notes: [
      ...plantedNotes(planted),
      "From the first sample at the mouth to the arrival of the message that has it; from Gemini's message to the first sample at the ear.",
      "Floor: the same speech from page to page, in the same minutes, while the calls go on.",
      "Two frames of 20 ms make one message to Gemini, so a sound waits for up to 40 ms until its message is whole.",
      `Markers that were said and not heard: ${lost.join("; ")}.`,
      await clockNote(rig.pages),
    ],
  };
}

async function measureStep(
  rig: Rig,
  { speech, options }: { speech: Speech; options: BenchOptions },
): Promise<{ rows: Row[]; lost: string[] }> {
  const { signal, runs, seed, progress } = options;
  const rounds = WARM_UP_ROUNDS + runs * ROUNDS_PER_RUN;
  const calls = rig.calls.length;
  progress(`${calls} calls: ${rounds} rounds of speech`);
  const talk = (index: number) => ({
    rounds,
    offset: index * NUMBERS_APART,
    speech,
    random: randomOf(seed * 1_000 + index),
    signal,
  });
  const [bare, ...ups] = await Promise.all([
    converseBare(rig.pair, talk(0)),
    ...rig.calls.map((call, index) => converseWithBot(call, rig.gemini, talk(index + 1))),
  ]);
  await rig.stamps.caughtUp();
  const untilMs = nowMs();
  // The rounds are equally long, so the slowest one's warm-up is over for all.
  const fromMs = Math.max(...[bare.up, ...ups].map((up) => up[WARM_UP_ROUNDS]?.atMs ?? untilMs));
  const measured = (markers: readonly TimedMarker[]) =>
    markers.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs);

  const toGemini: Delays[] = [];
  const toEar: Delays[] = [];
  for (const [index, call] of rig.calls.entries()) {
    toGemini.push(delaysOf(measured(ups[index] ?? []), markersIn(await rig.gemini.heard(call.gemini))));
    toEar.push(delaysOf(measured(markersIn(await rig.gemini.said(call.gemini))), heardBy(call.page)));
  }
  const bareUp = delaysOf(measured(bare.up), heardBy(rig.pair.far));
  const bareDown = delaysOf(measured(bare.down), heardBy(rig.pair.near));
  const { uplink, downlink } = rig.stamps.between(fromMs, untilMs);
  const at = `${calls} ${calls === 1 ? "call" : "calls"}`;
  const ms = (delays: readonly Delays[]) => delays.flatMap((one) => one.ms);
  const rows: Row[] = [
    { label: `mouth → Gemini, ${at}`, unit: "ms", ours: ms(toGemini), floor: bareUp.ms, aim: oneWay },
    { label: `Gemini → ear, ${at}`, unit: "ms", ours: ms(toEar), floor: bareDown.ms, aim: oneWay },
    {
      label: `Node adds towards Gemini, ${at}`,
      unit: "ms",
      ours: uplink.map(({ newestMs }) => newestMs),
      aim: nodeAdds,
    },
    {
      label: `  and to the older of a message's two frames, ${at}`,
      unit: "ms",
      ours: uplink.map(({ oldestMs }) => oldestMs),
    },
    {
      label: `Node adds to the first sound of an answer, ${at}`,
      unit: "ms",
      ours: downlink.map(({ addedMs }) => addedMs),
      aim: nodeAdds,
    },
  ];
  const lostOf = (name: string, delays: readonly Delays[]) => {
    const missed = delays.reduce((sum, one) => sum + one.lost, 0);
    return `${missed} of ${missed + ms(delays).length} ${name}`;
  };
  return {
    rows,
    lost: [
      lostOf("at Gemini", toGemini),
      lostOf("at the ear", toEar),
      lostOf("of the bare pair", [bareUp, bareDown]),
    ],
  };
}
