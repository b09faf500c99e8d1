/** What is known of Silero's voice activity model, version 6, at 16 kHz. */

/** It judges 32 ms at a time ... */
export const WINDOW_SAMPLES = 512;
export const WINDOW_MS = 32;
/** ... and wants the end of the window before it in front of it. Without that it is much worse, and says nothing. */
export const CONTEXT_SAMPLES = 64;
export const INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES;
/** What it remembers: two layers of this. */
export const LAYERS = 2;
export const LAYER_LENGTH = 128;
export const STATE_LENGTH = LAYERS * LAYER_LENGTH;

/** Windows judged at once, each of another speaker. As many as a bot host may have calls (`BOT_CAPACITY`). */
export const MAX_BATCH = 64;

/**
 * A batch lies in memory that both threads share, and belongs to one of them at a time: input and state go to the
 * model's thread, probabilities and the new state come back. That thread remembers nothing, so that one that dies
 * takes no speaker's memory with it.
 */
export interface BatchViews {
  /** [size, INPUT_SAMPLES] */
  input: Float32Array;
  /** [LAYERS, size, LAYER_LENGTH] */
  state: Float32Array;
  /** [size] */
  probabilities: Float32Array;
}

const STATE_OFFSET = MAX_BATCH * INPUT_SAMPLES;
const PROBABILITIES_OFFSET = STATE_OFFSET + MAX_BATCH * STATE_LENGTH;

export function createBatchMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((PROBABILITIES_OFFSET + MAX_BATCH) * Float32Array.BYTES_PER_ELEMENT);
}

export function batchViews(memory: SharedArrayBuffer, size: number): BatchViews {
  const view = (offset: number, length: number) =>
    new Float32Array(memory, offset * Float32Array.BYTES_PER_ELEMENT, length);
  return {
    input: view(0, size * INPUT_SAMPLES),
    state: view(STATE_OFFSET, size * STATE_LENGTH),
    probabilities: view(PROBABILITIES_OFFSET, size),
  };
}

/** Puts one speaker's memory in its place of the batch. */
export function writeState(
  batch: BatchViews,
  place: { row: number; size: number },
  state: Float32Array,
): void {
  for (let layer = 0; layer < LAYERS; layer += 1) {
    const values = state.subarray(layer * LAYER_LENGTH, (layer + 1) * LAYER_LENGTH);
    batch.state.set(values, (layer * place.size + place.row) * LAYER_LENGTH);
  }
}

/** Takes it out again. */
export function readState(
  batch: BatchViews,
  place: { row: number; size: number },
  state: Float32Array,
): void {
  for (let layer = 0; layer < LAYERS; layer += 1) {
    const from = (layer * place.size + place.row) * LAYER_LENGTH;
    state.set(batch.state.subarray(from, from + LAYER_LENGTH), layer * LAYER_LENGTH);
  }
}

/** To the thread. */
export type ToThread =
  | { kind: "judge"; size: number }
  /** It has to end by itself: one that is terminated within native code takes the whole process with it. */
  | { kind: "end" };

/** The library that runs the model: as native code, or as WebAssembly, which is three times slower and works anywhere. */
export type SileroRuntime = "native" | "wasm";

export const AT_REST = 0;
export const BUSY = 1;

/** What the thread is started with. */
export interface ThreadData {
  /** Paths. */
  model: string;
  wasm: { module: string; binary: string };
  /** See `BatchViews`. */
  batch: SharedArrayBuffer;
  /** One number: `BUSY` while native code runs or is about to, else `AT_REST`. */
  busy: Int32Array;
  /** The only one to try; both by default. */
  runtime?: SileroRuntime;
}

export type FromThread =
  /** The first word. `nativeFailure`: why it is WebAssembly. */
  | { kind: "ready"; runtime: SileroRuntime; nativeFailure?: string }
  /** Or this one: neither library could load the model. */
  | { kind: "unusable"; detail: string }
  | { kind: "judged"; size: number };
