import type { Close } from "./closes.ts";
import type { Personality } from "./personalities.ts";
import type { Random } from "./random.ts";
import { declaredFunctions, type FunctionDeclaration, type Tool } from "./setup-tools.ts";
import {
  answerTools,
  callTools,
  cancelTools,
  describeResult,
  type OrderedCall,
  pendingIn,
  type ToolCall,
  type ToolCalls,
  type ToolResponse,
} from "./tools.ts";

/** Results that wait until nobody speaks; of more, the last count. */
const MAX_WAITING_RESULTS = 32;

export interface ToolDeskOptions {
  tools: readonly Tool[] | undefined;
  personality: Personality;
  random: Random;
  /** A result may come without the id of its call. */
  idsOptional: boolean;
}

/** What came of a response: texts of results, by when they are told. */
export interface Told {
  /** All results as JSON: the model knows them from now on, told or not. */
  learnt: string;
  /** To the turn that waits for them. */
  toTurn: string[];
  /** At once, whatever is being said. */
  urgent: string[];
}

/** The functions of one session: which there are, which were called, and what is to be told of their results. */
export class ToolDesk {
  readonly #options: ToolDeskOptions;
  #declared: readonly FunctionDeclaration[];
  #calls: ToolCalls = [];
  #waiting: string[] = [];

  constructor(options: ToolDeskOptions) {
    this.#options = options;
    this.#declared = declaredFunctions(options.tools);
  }

  get calls(): ToolCalls {
    return this.#calls;
  }

  get isPending(): boolean {
    return pendingIn(this.#calls).length > 0;
  }

  /** From now on the model knows these functions alone. */
  declare(tools: readonly Tool[]): void {
    this.#declared = declaredFunctions(tools);
  }

  /** Why these functions cannot be called, as a sentence; `undefined` when they can. */
  refusal(ordered: readonly OrderedCall[]): string | undefined {
    const called = this.#called(ordered);
    return called.ok ? undefined : called.why;
  }

  /** @returns the calls, or why there are none, as a sentence */
  call(ordered: readonly OrderedCall[]): { ok: true; made: ToolCall[] } | { ok: false; why: string } {
    const called = this.#called(ordered);
    if (called.ok) this.#calls = called.calls;
    return called;
  }

  /** Takes what the functions gave; a `Close` when Google would close on it. */
  answer(responses: readonly ToolResponse[]): { ok: true; told: Told } | { ok: false; close: Close } {
    const answered = answerTools(this.#calls, responses, this.#options);
    if (!answered.ok) return answered;
    this.#calls = answered.calls;
    const told: Told = { learnt: "", toTurn: [], urgent: [] };
    for (const result of answered.results) {
      told.learnt += JSON.stringify(result.response);
      if (result.call.blocking) told.toTurn.push(describeResult(result));
      else if (result.scheduling === "INTERRUPT") told.urgent.push(describeResult(result));
      else if (result.scheduling === "WHEN_IDLE") this.#waiting.push(describeResult(result));
    }
    this.#waiting = this.#waiting.slice(-MAX_WAITING_RESULTS);
    return { ok: true, told };
  }

  /** Cancels those of the calls that still wait. @returns their ids */
  cancel(ids: readonly string[]): string[] {
    const { calls, cancelled } = cancelTools(this.#calls, ids);
    this.#calls = calls;
    return cancelled;
  }

  /** Whether one of these calls keeps the model waiting. */
  isBlocking(ids: readonly string[]): boolean {
    return pendingIn(this.#calls).some(({ id, blocking }) => blocking && ids.includes(id));
  }

  /** The results that were to wait until nobody speaks, of which there may be none. */
  takeWaiting(): string[] {
    return this.#waiting.splice(0);
  }

  #called(ordered: readonly OrderedCall[]): ReturnType<typeof callTools> {
    const { personality, random } = this.#options;
    return callTools(this.#calls, ordered, { declared: this.#declared, personality, random });
  }
}
