import type { Frame } from "./frame.ts";

/** `down`: from the user's voice to the bot's. `up`: the other way. */
export type Direction = "down" | "up";

/** Hands a frame to the neighbour in that direction, which has dealt with it when this returns. */
export type Push = (frame: Frame, direction: Direction) => void;

/**
 * One step of the pipeline. All of it is synchronous: a frame's whole way through the chain is one call stack,
 * so order is never in doubt. What has to wait (a socket, a timer) pushes later through the `push` of `start`.
 */
export interface Processor {
  /** For logs and metrics. */
  readonly name: string;
  /** Once, before any frame. `push` is the same as that of `process` and does nothing after `stop`. */
  start?(push: Push): void;
  /** A processor passes on what is not its own: a frame that is not pushed ends here. */
  process(frame: Frame, direction: Direction, push: Push): void;
  /** Once; frees timers and sockets. Frames pushed from here on go nowhere. */
  stop?(): void;
}

/** Sees every frame once: when its maker pushes it, before the neighbour deals with it. */
export interface Observer {
  /** `from` is the name of the processor that made the frame. */
  onFrame(frame: Frame, direction: Direction, from: string): void;
}
