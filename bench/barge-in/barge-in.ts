import { setTimeout as sleep } from "node:timers/promises";
import { OUTPUT_RATE_HZ, toSample } from "../../emulators/gemini/core/pcm.ts";
import type { Recording } from "../../test/support/audio.ts";
import { randomOf } from "../../test/support/random.ts";
import type { Aim, Bench, BenchOptions, BenchReport } from "../common/bench.ts";
import { nowMs } from "../common/clock.ts";
import { MARKER_NUMBERS } from "../common/marker.ts";
import { median } from "../common/statistics.ts";
import { plantedMs, plantedNotes } from "../latency/own-options.ts";
import type { BarePair } from "../latency/rig/bare-pair.ts";
import { type BotCall, SILENT_AFTER_MS } from "../latency/rig/bot-call.ts";
import { soundAnswer } from "../latency/rig/gemini-control.ts";
import { firstSince, Samples } from "../latency/rig/heard.ts";
import { type Rig, withRig } from "../latency/rig/rig.ts";
import { Speech } from "../latency/rig/speech.ts";
import { markedTone } from "./marked-tone.ts";

const ROUNDS_PER_RUN = 3;
/** A jitter buffer takes its time to find out how little it needs. */
const WARM_UP_ROUNDS = 1;
/** What one answer says is another number than the next one. */
const NUMBERS_APART = 7;
/** An answer that nobody hears to its end, and what a bare page says instead, which ends by itself. */
const ANSWER_MS = 6_000;
const BARE_TONE_MS = 900;
const WORDS_MS = 900;
/** Into an answer, before it is interrupted: at least so long, and up to so much longer. */
const LISTENS_MS = 400;
const JITTER_MS = 300;
/** Far more than it takes. */
const HEARD_WITHIN_MS = 3_000;
/** After an interruption: Gemini notices the end of the words, and answers them shortly. */
const REST_MS = 1_500;

const MORE_THAN_ONE_WAY_MS = 25;
const PAGE_RATE_HZ = 48_000;

/** How soon the bot is silent when it is interrupted. */
export const bargeInBench: Bench = {
  name: "barge-in",
  summary: "speech to silence at the ear, and from Gemini's `interrupted` at Node to that silence",
  run: measure,
};

/** From an order to what came of it at the ear: between the two, Node was told. Epoch milliseconds. */
interface Span {
  orderedMs: number;
  atEarMs: number;
}

/** What is measured, each in a series of its own. */
interface Series {
  fromSpeech: Samples;
  /** Until Node's times are known: it prints them later. */
  interruptions: Span[];
  answers: Span[];
  fromInterrupted: Samples;
  firstSound: Samples;
  bareUp: Samples;
  bareDown: Samples;
  bareStop: Samples;
}

function measure(options: BenchOptions): Promise<BenchReport> {
  const planted = plantedMs(options);
  return withRig({ calls: 1, plantedMs: planted, options }, (rig) =>
    measureInterruptions(rig, { planted, options }),
  );
}

async function measureInterruptions(
  rig: Rig,
  { planted, options }: { planted: number; options: BenchOptions },
): Promise<BenchReport> {
  const speech = await Speech.read();
  const series = newSeries();
  for (let run = 0; run < options.runs; run += 1) {
    options.signal.throwIfAborted();
    options.progress(`run ${run + 1} of ${options.runs}`);
    await measureRun(rig, { run, speech, series, options });
  }
  await rig.stamps.caughtUp();
  for (const { orderedMs, atEarMs } of series.interruptions) {
    series.fromInterrupted.addSince(rig.stamps.between(orderedMs, atEarMs).interrupted[0], atEarMs);
  }
  for (const { orderedMs, atEarMs } of series.answers) {
    series.firstSound.addSince(rig.stamps.between(orderedMs, atEarMs).downlink[0]?.atMs, atEarMs);
  }
  return reportOf(series, { notes: [...plantedNotes(planted)], clocks: rig.clocks.note() });
}

/** A call and a pair of pages, beside each other. */
async function measureRun(
  rig: Rig,
  {
    run,
    speech,
    series,
    options: { seed, signal },
  }: { run: number; speech: Speech; series: Series; options: BenchOptions },
): Promise<void> {
  await using call = await rig.openCall();
  await using pair = await rig.openPair();
  const random = randomOf(seed * 1_000 + run);
  const wait = (ms: number) => sleep(ms + random() * JITTER_MS, undefined, { signal });
  const warmUp = newSeries();
  const rounds = async (round: (index: number, into: Series) => Promise<void>) => {
    for (let index = 0; index < WARM_UP_ROUNDS + ROUNDS_PER_RUN; index += 1) {
      signal.throwIfAborted();
      await round(index, index < WARM_UP_ROUNDS ? warmUp : series);
    }
  };
  const overSpeech = async (index: number, into: Series) => {
    await hearAnswer(rig, call, { number: index % MARKER_NUMBERS, into });
    await wait(LISTENS_MS);
    await into.fromSpeech.add(async () => {
      const onsetMs = await call.page.say(speech.words(index, WORDS_MS));
      return (await silence(call, onsetMs)) - onsetMs;
    });
    await wait(REST_MS);
  };
  const withoutSpeech = async (index: number, into: Series) => {
    await hearAnswer(rig, call, { number: (index + NUMBERS_APART) % MARKER_NUMBERS, into });
    await wait(LISTENS_MS);
    await into.fromInterrupted.tried(async () => {
      const orderedMs = nowMs();
      await rig.gemini.interrupt(call.gemini);
      into.interruptions.push({ orderedMs, atEarMs: await silence(call, orderedMs) });
    });
  };
  await Promise.all([
    rounds(async (index, into) => {
      await overSpeech(index, into);
      await withoutSpeech(index, into);
    }),
    rounds((index, into) => hearBare(pair, { number: index % MARKER_NUMBERS, into })),
  ]);
}

function newSeries(): Series {
  return {
    fromSpeech: new Samples(),
    interruptions: [],
    answers: [],
    fromInterrupted: new Samples(),
    firstSound: new Samples(),
    bareUp: new Samples(),
    bareDown: new Samples(),
    bareStop: new Samples(),
  };
}

/** Lets Gemini answer. Resolves once its first sound is heard. */
async function hearAnswer(
  rig: Rig,
  call: BotCall,
  { number, into }: { number: number; into: Series },
): Promise<void> {
  const orderedMs = nowMs();
  const answer = Int16Array.from(markedTone({ number, ms: ANSWER_MS, sampleRate: OUTPUT_RATE_HZ }), toSample);
  await rig.gemini.say(soundAnswer(answer), call.gemini);
  await into.firstSound.tried(async () => {
    into.answers.push({ orderedMs, atEarMs: await marker(call.page, number, orderedMs) });
  });
}

/** The same between bare pages: one says a tone that ends, and hears a marker meanwhile. */
async function hearBare(
  { near, far }: BarePair,
  { number, into }: { number: number; into: Series },
): Promise<void> {
  const tone: Recording = {
    sampleRate: PAGE_RATE_HZ,
    samples: markedTone({ number, ms: BARE_TONE_MS, sampleRate: PAGE_RATE_HZ }),
  };
  const [downMs, upMs] = await Promise.all([far.say(tone), near.say(tone)]);
  await into.bareDown.add(async () => (await marker(near, number, downMs)) - downMs);
  await into.bareUp.add(async () => (await marker(far, number, upMs)) - upMs);
  const stopMs = downMs + BARE_TONE_MS;
  await into.bareStop.add(async () => {
    const { atMs } = await firstSince(near, { type: "silence", fromMs: stopMs, withinMs: HEARD_WITHIN_MS });
    return atMs - stopMs;
  });
}

async function marker(page: BotCall["page"], number: number, fromMs: number): Promise<number> {
  const wanted = { type: "marker", fromMs, withinMs: HEARD_WITHIN_MS } as const;
  return (await firstSince(page, wanted, (event) => event.number === number)).atMs;
}

/** When the user heard nothing any more. */
async function silence({ page }: BotCall, fromMs: number): Promise<number> {
  return (await firstSince(page, { type: "silence", fromMs, withinMs: HEARD_WITHIN_MS })).atMs;
}

function reportOf(series: Series, { notes, clocks }: { notes: string[]; clocks: string }): BenchReport {
  const { fromSpeech, fromInterrupted, firstSound, bareUp, bareDown, bareStop } = series;
  const oneWayMs = median(bareDown.ms);
  const soon: Aim = {
    text: `≤ one-way + ${MORE_THAN_ONE_WAY_MS} ms`,
    met: (ours) => ours.median <= oneWayMs + MORE_THAN_ONE_WAY_MS,
  };
  const all = [fromSpeech, fromInterrupted, firstSound, bareUp, bareDown, bareStop];
  const missed = all.reduce((sum, one) => sum + one.missed, 0);
  const tripMs = bareUp.ms
    .map((ms, index) => ms + (bareStop.ms[index] ?? Number.NaN))
    .filter(Number.isFinite);
  return {
    workload:
      "1 call, new in each run: answers of a marker and a tone, over which the user speaks, or which Gemini interrupts",
    rows: [
      { label: "speech → silence at the ear", unit: "ms", ours: fromSpeech.ms, floor: tripMs },
      {
        label: "`interrupted` at Node → silence at the ear",
        unit: "ms",
        ours: fromInterrupted.ms,
        floor: bareStop.ms,
        aim: soon,
      },
      { label: "first sound at Node → ear", unit: "ms", ours: firstSound.ms, floor: bareDown.ms },
    ],
    notes: [
      ...notes,
      "Floors: of speech a bare page's way there and a stopped page's silence back, of `interrupted` the latter, of the first sound the way back.",
      `One-way, from page to page: ${oneWayMs.toFixed(1)} ms.`,
      `Silence is what stays below −50 dBFS for ${SILENT_AFTER_MS} ms; a millisecond counts.`,
      `Sounds or silences that did not come in time: ${missed}.`,
      clocks,
    ],
  };
}
