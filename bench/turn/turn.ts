import { setTimeout as sleep } from "node:timers/promises";
import { randomOf } from "../../test/support/random.ts";
import type { Bench, BenchOptions, BenchReport } from "../common/bench.ts";
import { MARKER_MS, MARKER_NUMBERS } from "../common/marker.ts";
import { plantedMs, plantedNotes } from "../latency/own-options.ts";
import type { BarePair } from "../latency/rig/bare-pair.ts";
import type { BotCall } from "../latency/rig/bot-call.ts";
import { type GeminiControl, soundAnswer } from "../latency/rig/gemini-control.ts";
import { firstSince, Samples } from "../latency/rig/heard.ts";
import { type Rig, withRig } from "../latency/rig/rig.ts";
import { Speech } from "../latency/rig/speech.ts";
import { markersIn } from "../latency/timed-markers.ts";
import { partsOf, type Turn, type TurnParts } from "./parts.ts";

const ROUNDS_PER_RUN = 3;
/** A jitter buffer takes its time to find out how little it needs. */
const WARM_UP_ROUNDS = 2;
/** Two pages say different numbers at a time. */
const NUMBERS_APART = 7;
/** Words that end with a marker, and an answer that begins with one. */
const QUESTION_MS = 1_000;
const ANSWER_MS = 400;
/** How long the emulator is told to think. */
const THINKS_MS = 200;
/** Far more than a turn takes. */
const HEARD_WITHIN_MS = 6_000;
/** After each turn, so that the next begins in silence; and up to so much more, so that it begins anywhere. */
const PAUSE_MS = 300;
const JITTER_MS = 80;

/** How long a user waits for an answer, without what the model takes for it. */
export const turnBench: Bench = {
  name: "turn",
  summary: "end of speech to the first sound of the answer at the ear, without what the model takes",
  run: measure,
};

function measure(options: BenchOptions): Promise<BenchReport> {
  const planted = plantedMs(options);
  return withRig({ calls: 1, plantedMs: planted, options }, (rig) => measureTurns(rig, { planted, options }));
}

async function measureTurns(
  rig: Rig,
  { planted, options }: { planted: number; options: BenchOptions },
): Promise<BenchReport> {
  const speech = await Speech.read();
  await rig.gemini.thinkFor(THINKS_MS);
  const runs: Run[] = [];
  for (let run = 0; run < options.runs; run += 1) {
    options.signal.throwIfAborted();
    options.progress(`run ${run + 1} of ${options.runs}`);
    runs.push(await measureRun(rig, { run, speech, options }));
  }
  const endOfTurnMs = runs[0]?.endOfTurnMs ?? 0;
  const toldMs = endOfTurnMs + THINKS_MS;
  const parts = runs.flatMap((run) => run.parts);
  const all = (name: "waits" | "bareTrips") => runs.flatMap((run) => run[name].ms);
  const missed = (name: "waits" | "bareTrips") => {
    const count = runs.reduce((sum, run) => sum + run[name].missed, 0);
    return `${count} of ${count + all(name).length}`;
  };
  return {
    workload: `1 call, new in each run: questions of ${QUESTION_MS} ms, answers of ${ANSWER_MS} ms; the emulator is told to take ${endOfTurnMs} ms of silence for the end of a question, and to think for ${THINKS_MS} ms, which is left out of all figures`,
    rows: [
      {
        label: "end of speech → answer at the ear",
        unit: "ms",
        ours: all("waits"),
        floor: all("bareTrips"),
      },
      { label: "  of that: mouth → Gemini", unit: "ms", ours: parts.map(({ upMs }) => upMs) },
      {
        label: "  of that: the emulator, beyond what it was told",
        unit: "ms",
        ours: parts.map(({ emulatorMs }) => emulatorMs - toldMs),
      },
      { label: "  of that: Gemini → ear", unit: "ms", ours: parts.map(({ downMs }) => downMs) },
    ],
    notes: [
      ...plantedNotes(planted),
      "Floor: the same question from page to page at the same time, and a marker back as soon as its end was heard.",
      "The emulator looks at pieces of 20 ms, and at what rings on in a codec: that is no part of the product.",
      `Answers that were not heard: ${missed("waits")}; markers of the bare pair: ${missed("bareTrips")}.`,
      rig.clocks.note(),
    ],
  };
}

/** What one call and one pair of pages have shown. */
interface Run {
  endOfTurnMs: number;
  waits: Samples;
  bareTrips: Samples;
  parts: TurnParts[];
}

async function measureRun(
  rig: Rig,
  { run, speech, options: { seed, signal } }: { run: number; speech: Speech; options: BenchOptions },
): Promise<Run> {
  await using call = await rig.openCall();
  await using pair = await rig.openPair();
  const endOfTurnMs = await rig.gemini.endOfTurnMs(call.gemini);
  const turns: Turn[] = [];
  const waits = new Samples();
  const bareTrips = new Samples();
  const warmUp = new Samples();
  const rounds = async (speaker: number, round: (number: number, isWarm: boolean) => Promise<void>) => {
    const random = randomOf(seed * 1_000 + 2 * run + speaker);
    for (let index = 0; index < WARM_UP_ROUNDS + ROUNDS_PER_RUN; index += 1) {
      await sleep(PAUSE_MS + random() * JITTER_MS, undefined, { signal });
      await round((index + speaker * NUMBERS_APART) % MARKER_NUMBERS, index >= WARM_UP_ROUNDS);
    }
  };
  await Promise.all([
    rounds(0, async (number, isWarm) => {
      await (isWarm ? waits : warmUp).add(async () => {
        const turn = await takeTurn({ call, gemini: rig.gemini, speech }, number);
        if (isWarm) turns.push(turn);
        return turn.heardAtMs - turn.endedAtMs - endOfTurnMs - THINKS_MS;
      });
      await sleep(ANSWER_MS, undefined, { signal });
    }),
    rounds(1, (number, isWarm) =>
      (isWarm ? bareTrips : warmUp).add(() => thereAndBack(pair, speech, number)),
    ),
  ]);
  const parts = partsOf(turns, {
    heard: markersIn(await rig.gemini.heard(call.gemini), { at: "end" }),
    said: markersIn(await rig.gemini.said(call.gemini)),
  });
  return { endOfTurnMs, waits, bareTrips, parts };
}

async function takeTurn(
  { call, gemini, speech }: { call: BotCall; gemini: GeminiControl; speech: Speech },
  number: number,
): Promise<Turn> {
  await gemini.answer(soundAnswer(speech.answer(number, ANSWER_MS)), call.gemini);
  const saidAtMs = await call.page.say(speech.endingMarked(number, QUESTION_MS));
  const endedAtMs = saidAtMs + QUESTION_MS;
  const wanted = { type: "marker", fromMs: endedAtMs, withinMs: HEARD_WITHIN_MS } as const;
  const heard = await firstSince(call.page, wanted, (event) => event.number === number);
  return { number, endedAtMs, heardAtMs: heard.atMs };
}

/** How long a question takes from page to page, and a marker back. */
async function thereAndBack({ near, far }: BarePair, speech: Speech, number: number): Promise<number> {
  const askedAtMs = (await near.say(speech.endingMarked(number, QUESTION_MS))) + QUESTION_MS - MARKER_MS;
  const isIt = (event: { number: number }) => event.number === number;
  const wanted = { type: "marker", withinMs: HEARD_WITHIN_MS } as const;
  const there = await firstSince(far, { ...wanted, fromMs: askedAtMs }, isIt);
  const answeredAtMs = await far.say(speech.marked(number, ANSWER_MS));
  const back = await firstSince(near, { ...wanted, fromMs: answeredAtMs }, isIt);
  return there.atMs - askedAtMs + (back.atMs - answeredAtMs);
}
