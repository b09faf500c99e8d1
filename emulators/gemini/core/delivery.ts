import type { Segment } from "./answer.ts";
import { concat, durationMs, OUTPUT_RATE_HZ, sampleCount } from "./pcm.ts";

/** Sound leaves about this much faster than it plays, as recordings of the real service show. */
const PACE = 4;
/** Sizes of the first and of all later pieces of sound, as in those recordings. */
const FIRST_CHUNK_MS = 200;
const CHUNK_MS = 240;

export type Step =
  | { kind: "words"; text: string }
  | { kind: "sound"; pcm: Int16Array }
  /** All of the answer is out. */
  | { kind: "generated" }
  /** A client that plays the sound as it comes has played all of it. */
  | { kind: "played" };

export interface TimedStep {
  /** Since the answer's start. */
  atMs: number;
  step: Step;
}

/** When each part of an answer leaves. Words go just before the sound that says them. */
export function planDelivery(segments: readonly Segment[]): TimedStep[] {
  const pcm = concat(segments.map((segment) => segment.pcm));
  const sound: TimedStep[] = [];
  for (let at = 0; at < pcm.length; ) {
    const length = sampleCount(at === 0 ? FIRST_CHUNK_MS : CHUNK_MS, OUTPUT_RATE_HZ);
    const atMs = durationMs(at, OUTPUT_RATE_HZ) / PACE;
    sound.push({ atMs, step: { kind: "sound", pcm: pcm.slice(at, at + length) } });
    at += length;
  }
  const generatedAtMs = sound.at(-1)?.atMs ?? 0;
  // Words may fall into the last piece of sound, and must not follow the word that all is out.
  const words = planWords(segments).map(({ atMs, step }) => ({ atMs: Math.min(atMs, generatedAtMs), step }));
  // The sort is stable: at the same time, words stay before sound.
  const out = [...words, ...sound].sort((a, b) => a.atMs - b.atMs);
  return [
    ...out,
    { atMs: generatedAtMs, step: { kind: "generated" } },
    { atMs: durationMs(pcm.length, OUTPUT_RATE_HZ), step: { kind: "played" } },
  ];
}

/** A segment's words, spread evenly over its sound; each later one with the space before it, as Google sends them. */
function planWords(segments: readonly Segment[]): TimedStep[] {
  const steps: TimedStep[] = [];
  let startSample = 0;
  for (const { text, pcm } of segments) {
    const words = text.match(/\s*\S+/g) ?? [];
    words.forEach((word, i) => {
      const sample = startSample + (pcm.length * i) / words.length;
      steps.push({ atMs: durationMs(sample, OUTPUT_RATE_HZ) / PACE, step: { kind: "words", text: word } });
    });
    startSample += pcm.length;
  }
  return steps;
}

/** Runs a plan against the clock, until it is done or cancelled. */
export class Delivery {
  readonly #plan: readonly TimedStep[];
  readonly #perform: (step: Step) => void;
  #startedAt = 0;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(plan: readonly TimedStep[], perform: (step: Step) => void) {
    this.#plan = plan;
    this.#perform = perform;
  }

  /** Performs what is due at once before it returns. */
  start(): void {
    this.#startedAt = performance.now();
    this.#run();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next = this.#plan.length;
  }

  #run(): void {
    for (;;) {
      const due = this.#plan[this.#next];
      if (!due) return;
      // Against the start, not the previous step, or each late timer would delay all that follows.
      const waitMs = due.atMs - (performance.now() - this.#startedAt);
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#run(), Math.ceil(waitMs));
        return;
      }
      this.#next++;
      this.#perform(due.step);
    }
  }
}
