import type { SessionLimits } from "./limits.ts";
import type { ModelRules } from "./model-rules.ts";
import type { RuleName } from "./rules.ts";
import { firstState, nextDeadline, nextState } from "./session-state.ts";
import type { Effect, SessionContext, SessionEvent, SessionState } from "./session-types.ts";

export interface SessionRunOptions {
  limits: SessionLimits;
  model: ModelRules;
  /** Rules that are not followed. */
  off: ReadonlySet<RuleName>;
  /** From 0 up to 1. */
  random(): number;
  perform(effect: Effect): void;
  /** All that an event has brought about is done; other events may wait. */
  acted(): void;
}

/** Runs `nextState`: keeps the state, takes one event after the other, and has the one timer. */
export class SessionRun {
  readonly #options: SessionRunOptions;
  #state = firstState(Date.now());
  #queue: SessionEvent[] | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SessionRunOptions) {
    this.#options = options;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Events of events wait for their turn: a state is never changed while it is being acted upon. */
  happened(event: SessionEvent): void {
    if (this.#queue) {
      this.#queue.push(event);
      return;
    }
    const queue = [event];
    this.#queue = queue;
    try {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const { state, effects } = nextState(this.#state, next, this.#context);
        this.#state = state;
        for (const effect of effects) this.#options.perform(effect);
        this.#options.acted();
      }
    } finally {
      this.#queue = undefined;
      this.#armTimer();
    }
  }

  get #context(): SessionContext {
    const { limits, model, off, random } = this.#options;
    return { now: Date.now(), limits, model, chance: random(), off };
  }

  /** None is left once the session is over. */
  #armTimer(): void {
    clearTimeout(this.#timer);
    const context = this.#context;
    const at = nextDeadline(this.#state, context);
    const tick = () => this.happened({ kind: "tick" });
    this.#timer = at === undefined ? undefined : setTimeout(tick, at - context.now);
  }
}
