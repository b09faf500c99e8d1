import type { FromPage, ToPage } from "../bridge/control.ts";

/** Between the page's main thread and its worker, which has the socket. */
export type ToWorker =
  /** The first message. `audio` is the other end of the worklet's port. */
  | { type: "start"; socketUrl: string; audio: MessagePort }
  | { type: "control"; message: FromPage }
  /** The main thread's answer to `beat`. */
  | { type: "main-beat" };

export type FromWorker =
  | { type: "open" }
  | { type: "control"; message: ToPage }
  | { type: "beat" }
  /** The host is gone or silent: leave everything. The worker is done. */
  | { type: "host-lost" };

/** From the main thread to the worklet. */
export type ToWorklet =
  | { type: "connect"; port: MessagePort }
  | { type: "open"; slot: number; call: number }
  | { type: "capture"; slot: number; on: boolean }
  | { type: "close"; slot: number };

/** From the worklet to the main thread: the answers to `connect` and `open`. */
export type FromWorklet = { type: "connected"; quantum: number } | { type: "opened"; slot: number };

export const PROCESSOR_NAME = "page-audio";
