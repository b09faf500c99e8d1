import { bytesOf, durationMs } from "./pcm.ts";

/** What is kept of the sound of one session, for each direction. */
export const MAX_RECORDING_MS = 10 * 60_000;

/** And so many pieces of it: ten minutes of 10 ms. */
export const MAX_PIECES = 60_000;

/** One piece of sound, as it came or went. */
export interface Piece {
  /** Epoch milliseconds with their fractions: every process of this machine has the same clock. */
  atMs: number;
  samples: number;
}

const STARTED_AT_MS = performance.timeOrigin;

/** The memory that all recordings share. */
export class RecordingBudget {
  #freeBytes: number;
  readonly #makeRoom: () => boolean;

  /** @param makeRoom clears a recording that can be spared; false when there is none */
  constructor(bytes: number, makeRoom: () => boolean) {
    this.#freeBytes = bytes;
    this.#makeRoom = makeRoom;
  }

  take(bytes: number): boolean {
    while (bytes > this.#freeBytes) if (!this.#makeRoom()) return false;
    this.#freeBytes -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#freeBytes += bytes;
  }
}

/**
 * One direction of a session's sound, in the order in which it came or went, from the beginning. What comes after
 * the limit or does not fit the budget is counted but not kept, and nothing after it: there are no holes.
 */
export class Recording {
  readonly #rateHz: number;
  readonly #budget: RecordingBudget;
  #chunks: Buffer[] = [];
  #pieces: Piece[] = [];
  #keptBytes = 0;
  #samples = 0;
  #full = false;

  constructor(rateHz: number, budget: RecordingBudget) {
    this.#rateHz = rateHz;
    this.#budget = budget;
  }

  /** All that passed, kept or not. */
  get durationMs(): number {
    return durationMs(this.#samples, this.#rateHz);
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  push(pcm: Int16Array): void {
    this.#full ||=
      this.durationMs >= MAX_RECORDING_MS ||
      this.#pieces.length >= MAX_PIECES ||
      !this.#budget.take(pcm.byteLength);
    if (!this.#full) {
      this.#chunks.push(bytesOf(pcm));
      this.#pieces.push({ atMs: STARTED_AT_MS + performance.now(), samples: pcm.length });
      this.#keptBytes += pcm.byteLength;
    }
    this.#samples += pcm.length;
  }

  /** s16le mono. */
  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** When each piece of what `bytes` has came or went. */
  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  /** Forgets the sound and keeps no more. */
  clear(): void {
    this.#budget.giveBack(this.#keptBytes);
    this.#chunks = [];
    this.#pieces = [];
    this.#keptBytes = 0;
    this.#full = true;
  }
}
