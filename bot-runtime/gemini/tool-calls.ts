import { z } from "zod";
import type { GeminiNote } from "./note.ts";
import type { FunctionCall } from "./server-message.ts";
import type { Tool } from "./tools.ts";

/** A function that takes longer is answered for: a model that waits says nothing. */
const TOOL_DEADLINE_MS = 30_000;
/** Calls at one time; a model makes a few. */
const MAX_CALLS = 32;
/** Of a result as JSON: a model reads it before it answers, and pays for it in every later turn. */
const MAX_RESULT_CHARS = 32_000;

/** Vertex may leave the id of a call out; it gets one of ours, which is not sent back. */
const UNNAMED = "unnamed-";

export function isUnnamed(id: string): boolean {
  return id.startsWith(UNNAMED);
}

export type ToolEvent =
  | { kind: "started"; id: string; name: string; args: Record<string, unknown> }
  | { kind: "ended"; id: string; name: string; result: Record<string, unknown> }
  | { kind: "cancelled"; id: string; name: string };

export interface FinishedCall {
  id: string;
  name: string;
  response: Record<string, unknown>;
  /** The connection that asked. */
  asker: number;
}

export interface ToolCallsOptions {
  tools: readonly Tool[];
  onEvent(event: ToolEvent): void;
  onFinished(call: FinishedCall): void;
  note(note: GeminiNote): void;
}

type Outcome = "answered" | "failed" | "unknown" | "timeout";

interface Running {
  name: string;
  asker: number;
  abort: AbortController;
  timer: NodeJS.Timeout;
  startedAt: number;
}

/** The functions that run at present. Each call is finished once, or cancelled. */
export class ToolCalls {
  readonly #options: ToolCallsOptions;
  readonly #running = new Map<string, Running>();
  /** For calls that come without an id. */
  #count = 0;

  constructor(options: ToolCallsOptions) {
    this.#options = options;
  }

  /** Calls of this connection that still run. */
  runningOf(asker: number): number {
    return [...this.#running.values()].filter((call) => call.asker === asker).length;
  }

  /** @returns how many were begun: a call that comes twice is one */
  begin(calls: readonly FunctionCall[], asker: number): number {
    const fresh = calls.filter(
      ({ id }, i) =>
        id === undefined || (!this.#running.has(id) && calls.findIndex((call) => call.id === id) === i),
    );
    for (const { id, name, args = {} } of fresh) this.#begin({ id: id ?? this.#newId(), name, args }, asker);
    return fresh.length;
  }

  /** Nobody wants their results. @returns how many of them ran for this connection */
  cancel(ids: readonly string[], asker: number): number {
    const cancelled = ids.filter((id) => this.#running.get(id)?.asker === asker);
    for (const id of cancelled) {
      const call = this.#forget(id);
      if (!call) continue;
      call.abort.abort();
      this.#options.note({
        kind: "tool",
        name: call.name,
        outcome: "cancelled",
        ms: Date.now() - call.startedAt,
      });
      this.#options.onEvent({ kind: "cancelled", id, name: call.name });
    }
    return cancelled.length;
  }

  stop(): void {
    for (const id of [...this.#running.keys()]) this.#forget(id)?.abort.abort();
  }

  #newId(): string {
    this.#count += 1;
    return `${UNNAMED}${this.#count}`;
  }

  #begin({ id, name, args }: Required<FunctionCall>, asker: number): void {
    const abort = new AbortController();
    const timer = setTimeout(
      () => this.#finish(id, { error: "The function took too long." }, "timeout"),
      TOOL_DEADLINE_MS,
    );
    this.#running.set(id, { name, asker, abort, timer, startedAt: Date.now() });
    this.#options.onEvent({ kind: "started", id, name, args });
    const tool = this.#options.tools.find(({ declaration }) => declaration.name === name);
    if (!tool) {
      queueMicrotask(() => this.#finish(id, { error: "There is no such function." }, "unknown"));
      return;
    }
    if (this.#running.size > MAX_CALLS) {
      queueMicrotask(() => this.#finish(id, { error: "Too many calls at a time." }, "failed"));
      return;
    }
    // In a promise of its own, so that what throws at once is dealt with like what rejects.
    Promise.resolve()
      .then(() => (abort.signal.aborted ? {} : tool.run(args, abort.signal)))
      .then(
        (response) => this.#finish(id, ...asTold(response)),
        // What went wrong is ours: its words may hold anything.
        () => this.#finish(id, { error: "The function failed." }, "failed"),
      );
  }

  #finish(id: string, response: Record<string, unknown>, outcome: Outcome): void {
    const call = this.#forget(id);
    if (!call) return;
    if (outcome === "timeout") call.abort.abort();
    const { name, asker, startedAt } = call;
    this.#options.note({ kind: "tool", name, outcome, ms: Date.now() - startedAt });
    this.#options.onFinished({ id, name, response, asker });
    this.#options.onEvent({ kind: "ended", id, name, result: response });
  }

  #forget(id: string): Running | undefined {
    const call = this.#running.get(id);
    this.#running.delete(id);
    clearTimeout(call?.timer);
    return call;
  }
}

/** A result as the model can be told it: not every object can be written as JSON, and functions are not ours alone. */
function asTold(response: unknown): [Record<string, unknown>, Outcome] {
  const failed: [Record<string, unknown>, Outcome] = [{ error: "The function failed." }, "failed"];
  try {
    const json = JSON.stringify(response);
    if (json.length > MAX_RESULT_CHARS) return [{ error: "The function's result is too long." }, "failed"];
    const result = Result.safeParse(JSON.parse(json));
    return result.success ? [result.data, "answered"] : failed;
  } catch {
    return failed;
  }
}

const Result = z.record(z.string(), z.unknown());
