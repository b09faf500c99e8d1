import { at } from "./at.ts";
import { RingBuffer } from "./ring-buffer.ts";

/** Where the rate of the samples matters: 24 kHz. */
const SAMPLES_PER_MS = 24;
/** A cut fades over this long, so that it does not click. It fits in the smallest render quantum (2.67 ms). */
const FADE_MS = 2;
export const FADE_SAMPLES = FADE_MS * SAMPLES_PER_MS;
/** Answers queued at once. They start seconds apart and the ring holds a few seconds, so more is a fault. */
const MAX_SEGMENTS = 32;
const FULL_SCALE = 32_768;

/** What happens to the queued answers. Called from `read`; must not allocate. */
export interface PlayoutSink {
  /** The first sample of a generation is out, or the first after it had drained. */
  started(generation: number): void;
  /** The last queued sample of a generation is out. */
  drained(generation: number): void;
  /** All up to and including `generation` is gone. */
  flushed(generation: number): void;
}

export interface PlayoutQueueOptions {
  /** Samples held at most; more are refused and counted. */
  capacity: number;
  sink: PlayoutSink;
}

type Mode = "playing" | "pausing" | "paused" | "resuming";

/**
 * What one call plays: s16 samples at 24 kHz in numbered generations, oldest first. Generations arrive in
 * ascending order; one that was flushed, or is older than the newest, is late and gets dropped.
 * Pausing keeps every sample. `read` allocates nothing.
 */
export class PlayoutQueue {
  readonly #ring: RingBuffer;
  readonly #sink: PlayoutSink;
  /** Generation and remaining samples of each segment in the ring: a ring itself, of `#segments` from `#head`. */
  readonly #generations = new Uint32Array(MAX_SEGMENTS);
  readonly #remaining = new Uint32Array(MAX_SEGMENTS);
  #head = 0;
  #segments = 0;
  #mode: Mode = "playing";
  /** Everything up to this generation is cancelled. */
  #flushedThrough = -1;
  /** A flush that the next `read` carries out. */
  #flushPending = false;
  #newest = -1;
  /** The generation that `#playedSamples` counts. */
  #current = -1;
  #sounding = false;
  #playedSamples = 0;
  #consumedSamples = 0;
  #droppedSamples = 0;

  constructor({ capacity, sink }: PlayoutQueueOptions) {
    this.#ring = new RingBuffer(capacity);
    this.#sink = sink;
  }

  /** The generation heard last; -1 before the first. */
  get playedGeneration(): number {
    return this.#current;
  }

  /** Samples of `playedGeneration` that were heard. */
  get playedSamples(): number {
    return this.#playedSamples;
  }

  /** Samples that went through `write` and are no longer queued, whatever became of them. */
  get consumedSamples(): number {
    return this.#consumedSamples;
  }

  /** Samples dropped because their generation was cancelled or the queue was full. */
  get droppedSamples(): number {
    return this.#droppedSamples;
  }

  get queuedSamples(): number {
    return this.#ring.length;
  }

  write(generation: number, samples: Int16Array): void {
    const late = generation <= this.#flushedThrough || generation < this.#newest;
    const room = this.#ring.length < this.#ring.capacity && samples.length > 0;
    const segment = late || !room ? -1 : this.#segmentFor(generation);
    const accepted = segment < 0 ? 0 : this.#ring.push(samples);
    if (accepted > 0) this.#remaining[segment] = at(this.#remaining, segment) + accepted;
    const dropped = samples.length - accepted;
    this.#droppedSamples += dropped;
    this.#consumedSamples += dropped;
  }

  pause(): void {
    if (this.#mode === "playing") this.#mode = "pausing";
    else if (this.#mode === "resuming") this.#mode = "paused";
  }

  resume(): void {
    if (this.#mode === "paused") this.#mode = "resuming";
    else if (this.#mode === "pausing") this.#mode = "playing";
  }

  /** Takes effect in the next `read`, with a fade if something was sounding. Also resumes. */
  flush(generation: number): void {
    this.#flushedThrough = Math.max(this.#flushedThrough, generation);
    this.#flushPending = true;
  }

  /** Fills `out` with what is to be heard next, silence where there is nothing. Returns whether there was sound. */
  read(out: Float32Array): boolean {
    out.fill(0);
    let filled = 0;
    if (this.#flushPending) filled = this.#carryOutFlush(out);
    switch (this.#mode) {
      case "paused":
        return filled > 0;
      case "pausing":
        this.#mode = "paused";
        return this.#fadeOut(out, this.#ring.length) > 0;
      case "resuming":
        this.#mode = "playing";
        filled = this.#play(out, filled);
        for (let index = 0; index < Math.min(FADE_SAMPLES, filled); index++) {
          out[index] = at(out, index) * ((index + 1) / FADE_SAMPLES);
        }
        return filled > 0;
      case "playing":
        return this.#play(out, filled) > 0;
    }
  }

  /** Index of the newest segment if it is of this generation, else of a new one; -1 when there is no room. */
  #segmentFor(generation: number): number {
    const last = (this.#head + this.#segments - 1 + MAX_SEGMENTS) % MAX_SEGMENTS;
    if (this.#segments > 0 && at(this.#generations, last) === generation) return last;
    if (this.#segments === MAX_SEGMENTS) return -1;
    const next = (this.#head + this.#segments) % MAX_SEGMENTS;
    this.#generations[next] = generation;
    this.#remaining[next] = 0;
    this.#segments++;
    this.#newest = generation;
    return next;
  }

  /** Plays into `out` from `offset` on; returns up to where it was filled. */
  #play(out: Float32Array, offset: number): number {
    let position = offset;
    while (position < out.length && this.#segments > 0) {
      this.#begin(at(this.#generations, this.#head));
      const count = Math.min(out.length - position, at(this.#remaining, this.#head));
      for (let index = 0; index < count; index++) {
        out[position + index] = this.#ring.peek(index) / FULL_SCALE;
      }
      this.#takePlayed(count);
      position += count;
    }
    if (this.#segments === 0) this.#end();
    return position;
  }

  /** Fades the next samples out without taking them; returns how many had sound. */
  #fadeOut(out: Float32Array, available: number): number {
    const length = Math.min(FADE_SAMPLES, out.length);
    const count = this.#sounding ? Math.min(length, available) : 0;
    for (let index = 0; index < count; index++) {
      out[index] = (this.#ring.peek(index) / FULL_SCALE) * (1 - (index + 1) / length);
    }
    return count;
  }

  /** Returns how much of `out` the fade took. */
  #carryOutFlush(out: Float32Array): number {
    this.#flushPending = false;
    let faded = 0;
    const head = this.#segments > 0 ? at(this.#generations, this.#head) : -1;
    if (head >= 0 && head <= this.#flushedThrough && head === this.#current) {
      const audible = this.#mode === "playing" || this.#mode === "pausing";
      if (audible) faded = this.#fadeOut(out, at(this.#remaining, this.#head));
      this.#takePlayed(faded);
    }
    while (this.#segments > 0 && at(this.#generations, this.#head) <= this.#flushedThrough) {
      const count = at(this.#remaining, this.#head);
      this.#droppedSamples += count;
      this.#take(count);
    }
    if (this.#current <= this.#flushedThrough) this.#sounding = false;
    this.#mode = "playing";
    this.#sink.flushed(this.#flushedThrough);
    return faded;
  }

  #takePlayed(count: number): void {
    if (count === 0) return;
    this.#playedSamples += count;
    this.#take(count);
  }

  #take(count: number): void {
    this.#ring.drop(count);
    this.#consumedSamples += count;
    const left = at(this.#remaining, this.#head) - count;
    this.#remaining[this.#head] = left;
    if (left > 0) return;
    this.#head = (this.#head + 1) % MAX_SEGMENTS;
    this.#segments--;
  }

  #begin(generation: number): void {
    if (this.#sounding && generation === this.#current) return;
    this.#end();
    if (generation !== this.#current) {
      this.#current = generation;
      this.#playedSamples = 0;
    }
    this.#sounding = true;
    this.#sink.started(generation);
  }

  #end(): void {
    if (!this.#sounding) return;
    this.#sounding = false;
    this.#sink.drained(this.#current);
  }
}
