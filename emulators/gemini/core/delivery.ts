import type { Segment } from "./answer.ts";
import type { Pace } from "./pace.ts";
import { concat, durationMs, OUTPUT_RATE_HZ, sampleCount } from "./pcm.ts";
import type { Random } from "./random.ts";

/** Sizes of the first and of all later pieces of sound, as recordings of the real service show. */
const FIRST_CHUNK_MS = 200;
const CHUNK_MS = 240;

export type Step =
  | { kind: "words"; text: string }
  | { kind: "sound"; pcm: Int16Array }
  /** All of the answer is out. */
  | { kind: "generated" }
  /** Nothing of it comes: the model does not want to say it. */
  | { kind: "refused" }
  /** A client that plays the sound as it comes has played all of it. */
  | { kind: "played" };

export interface Timed<Step> {
  /** Since the start. */
  atMs: number;
  step: Step;
}

/** When each part of an answer leaves. Words go just before the piece of sound in which they begin. */
export function planDelivery(
  segments: readonly Segment[],
  { pace, random }: { pace: Pace; random: Random },
): Timed<Step>[] {
  const pcm = concat(segments.map((segment) => segment.pcm));
  const words = placeWords(segments);
  const plan: Timed<Step>[] = [];
  let lastAtMs = 0;
  for (let at = 0; at < pcm.length; ) {
    const length = sampleCount(pace.chunkMs ?? (at === 0 ? FIRST_CHUNK_MS : CHUNK_MS), OUTPUT_RATE_HZ);
    const end = Math.min(at + length, pcm.length);
    const jitterMs = pace.jitterMs > 0 ? random.between(0, pace.jitterMs) : 0;
    const atMs = Math.max(lastAtMs, durationMs(at, OUTPUT_RATE_HZ) / pace.speed + jitterMs);
    // Also what begins where the sound ends: words must not follow the word that all is out.
    for (const text of words.takeUntil(end === pcm.length ? Number.POSITIVE_INFINITY : end)) {
      plan.push({ atMs, step: { kind: "words", text } });
    }
    plan.push({ atMs, step: { kind: "sound", pcm: pcm.slice(at, end) } });
    lastAtMs = atMs;
    at = end;
  }
  for (const text of words.takeUntil(Number.POSITIVE_INFINITY)) {
    plan.push({ atMs: lastAtMs, step: { kind: "words", text } });
  }
  // Slower than it plays, it has been heard soon after its last piece.
  const playedAtMs = Math.max(durationMs(pcm.length, OUTPUT_RATE_HZ), lastAtMs);
  return [
    ...plan,
    { atMs: lastAtMs, step: { kind: "generated" } },
    { atMs: playedAtMs, step: { kind: "played" } },
  ];
}

/** The words of all segments, each spread evenly over its sound; each later one with the space before it. */
function placeWords(segments: readonly Segment[]): { takeUntil(sample: number): string[] } {
  const placed: { sample: number; text: string }[] = [];
  let startSample = 0;
  for (const { text, pcm } of segments) {
    const words = fragmentsOf(text);
    words.forEach((word, i) => {
      placed.push({ sample: startSample + (pcm.length * i) / words.length, text: word });
    });
    startSample += pcm.length;
  }
  return {
    takeUntil(sample) {
      const end = placed.findIndex((word) => word.sample >= sample);
      return placed.splice(0, end === -1 ? placed.length : end).map(({ text }) => text);
    },
  };
}

/** A text as Google sends transcriptions: word by word, with the space before each. */
export function fragmentsOf(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

/** Runs a plan against the clock, until it is done or cancelled. What is due at one time is performed together. */
export class Delivery<Step> {
  readonly #plan: readonly Timed<Step>[];
  readonly #perform: (steps: readonly Step[]) => void;
  #startedAt = 0;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(plan: readonly Timed<Step>[], perform: (steps: readonly Step[]) => void) {
    this.#plan = plan;
    this.#perform = perform;
  }

  /** Performs what is due at once before it returns. */
  start(): void {
    this.#startedAt = performance.now();
    this.#run();
  }

  /** @returns what will not be performed any more */
  cancel(): Step[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rest = this.#plan.slice(this.#next).map(({ step }) => step);
    this.#next = this.#plan.length;
    return rest;
  }

  #run(): void {
    for (let due = this.#plan[this.#next]; due; due = this.#plan[this.#next]) {
      // Against the start, not the previous step, or each late timer would delay all that follows.
      const waitMs = due.atMs - (performance.now() - this.#startedAt);
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#run(), Math.ceil(waitMs));
        return;
      }
      this.#perform(this.#takeAllAt(due.atMs));
    }
  }

  /** Not all that is overdue: after a late timer the moments stay apart. */
  #takeAllAt(atMs: number): Step[] {
    const from = this.#next;
    while (this.#plan[this.#next]?.atMs === atMs) this.#next++;
    return this.#plan.slice(from, this.#next).map(({ step }) => step);
  }
}
