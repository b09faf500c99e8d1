import type { Cause } from "./answer.ts";
import type { Delivery, Step } from "./delivery.ts";
import type { Tail } from "./orders.ts";

/** Pieces of sound that can be sent twice. */
export const MAX_RECENT_CHUNKS = 10;

/** One turn of the model. */
export interface ActiveTurn {
  kind: "active";
  phase: Phase;
  sentSamples: number;
  /** The last pieces of sound that were sent. */
  recent: Int16Array[];
  /** Ids of the functions that were called in it, and what those gave that it waited for. */
  calls: string[];
  results: string[];
  /** What the user said meanwhile, where they may not interrupt. The latest counts. */
  next: Cause | undefined;
  /** The model did not want to answer. */
  refused: boolean;
}
export type Turn = { kind: "listening" } | ActiveTurn;

export type Phase =
  /** For the client's functions. */
  | { kind: "waiting" }
  | { kind: "thinking"; timer: NodeJS.Timeout }
  | { kind: "answering"; delivery: Delivery<Step> };

export const LISTENING: Turn = { kind: "listening" };

export function newTurn(): ActiveTurn {
  return {
    kind: "active",
    phase: { kind: "waiting" },
    sentSamples: 0,
    recent: [],
    calls: [],
    results: [],
    next: undefined,
    refused: false,
  };
}

/** Nothing of the phase happens any more. @returns the sound that will not be sent */
export function stopPhase(phase: Phase): Int16Array[] {
  if (phase.kind === "thinking") clearTimeout(phase.timer);
  if (phase.kind !== "answering") return [];
  return phase.delivery.cancel().flatMap((step) => (step.kind === "sound" ? [step.pcm] : []));
}

/** The sound that a fault sends after the end of a turn. */
export function tailOf(
  tail: Tail,
  { unsent, recent }: { unsent: readonly Int16Array[]; recent: readonly Int16Array[] },
): readonly Int16Array[] {
  return tail.of === "late" ? unsent.slice(0, tail.chunks) : recent.slice(-tail.chunks);
}
