import type { SileroRuntime } from "./silero-batch.ts";

/** What happens to the speech model that all calls share. */
export type VadLogEvent =
  | { event: "vad.ready"; runtime: SileroRuntime; loadMs: number }
  /** The model runs as WebAssembly, at three times the cost. */
  | { event: "vad.native_unavailable"; detail: string }
  /** It does not run at all: calls go by loudness from here on. */
  | { event: "vad.unusable"; detail: string }
  /** Its thread died, hung or could not be had. Until the next one is ready calls go by loudness. */
  | { event: "vad.thread_lost"; detail: string; restartInMs: number }
  /** The model is too slow for so many calls. `count`: since the last such line. */
  | { event: "vad.windows_lost"; count: number };
