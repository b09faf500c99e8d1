import type { MuteStep, TurnSummary } from "../../protocol/session.ts";
import type { TurnMetrics } from "../pipeline/frame.ts";

/** Turns whose times are kept for the median: those of hours. */
const MAX_TIMES = 1_000;

/** The turns of one session in a few figures. */
export class SessionTurns {
  #count = 0;
  #interrupted = 0;
  /** Milliseconds; the newest. */
  readonly #responses: number[] = [];
  readonly #muteSteps: MuteSteps = {};

  /** Something was done against a model that had fallen silent. */
  muted(step: MuteStep): void {
    count(this.#muteSteps, step);
  }

  add({ turn, responseMs, interruptionMs }: TurnMetrics): void {
    this.#count = Math.max(this.#count, turn);
    if (interruptionMs !== undefined) this.#interrupted += 1;
    if (responseMs === undefined) return;
    this.#responses.push(responseMs);
    if (this.#responses.length > MAX_TIMES) this.#responses.shift();
  }

  /** Nothing before the first turn, unless the model was silent from the beginning. */
  get summary(): TurnSummary | undefined {
    const wasMute = Object.keys(this.#muteSteps).length > 0;
    if (this.#count === 0 && this.#interrupted === 0 && !wasMute) return undefined;
    const sorted = this.#responses.toSorted((a, b) => a - b);
    const median = sorted[Math.floor((sorted.length - 1) / 2)];
    return {
      count: this.#count,
      interrupted: this.#interrupted,
      ...(median === undefined ? {} : { medianResponseMs: Math.round(median) }),
      ...(wasMute ? { muteSteps: { ...this.#muteSteps } } : {}),
    };
  }
}

/** Sums over all sessions of a host. Times in milliseconds. */
export interface TurnSums {
  turns: number;
  responseMs: number;
  interruptions: number;
  interruptionMs: number;
  muteSteps: Readonly<MuteSteps>;
}

type MuteSteps = Partial<Record<MuteStep, number>>;

function count(steps: MuteSteps, step: MuteStep): void {
  steps[step] = (steps[step] ?? 0) + 1;
}

/** Adds them up, for `/metrics`. */
export class TurnTotals implements TurnSums {
  turns = 0;
  responseMs = 0;
  interruptions = 0;
  interruptionMs = 0;
  readonly muteSteps: MuteSteps = {};

  muted(step: MuteStep): void {
    count(this.muteSteps, step);
  }

  add({ responseMs, interruptionMs }: TurnMetrics): void {
    if (responseMs !== undefined) {
      this.turns += 1;
      this.responseMs += responseMs;
    }
    if (interruptionMs !== undefined) {
      this.interruptions += 1;
      this.interruptionMs += interruptionMs;
    }
  }
}
