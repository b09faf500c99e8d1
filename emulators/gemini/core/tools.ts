import { type Close, Closes } from "./closes.ts";
import type { Personality } from "./personalities.ts";
import type { Random } from "./random.ts";
import type { FunctionCall } from "./server-message.ts";
import type { FunctionDeclaration } from "./setup-tools.ts";

/** A call of a client's function. */
export interface ToolCall extends FunctionCall {
  /** The model says nothing until it has the result. */
  blocking: boolean;
  state: "pending" | "answered" | "cancelled";
}

/** A call as somebody orders it; without an id it gets one. */
export interface OrderedCall {
  name: string;
  args: Record<string, unknown>;
  id?: string | undefined;
}

/** One of a `toolResponse`'s `functionResponses`. */
export interface ToolResponse {
  id?: string | undefined;
  name?: string | undefined;
  response?: Record<string, unknown> | undefined;
  /** What becomes of the result of a call that does not block; ignored for one that does. */
  scheduling?: Scheduling | undefined;
  /** More results of the same call will come; ignored for a call that blocks. */
  willContinue?: boolean | undefined;
}

export type Scheduling = "SCHEDULING_UNSPECIFIED" | "SILENT" | "WHEN_IDLE" | "INTERRUPT";

/** A result that counts. */
export interface ToolResult {
  call: ToolCall;
  response: Record<string, unknown>;
  scheduling: "SILENT" | "WHEN_IDLE" | "INTERRUPT";
}

/** Oldest first. */
export type ToolCalls = readonly ToolCall[];

export type Answered = { ok: true; calls: ToolCalls; results: ToolResult[] } | { ok: false; close: Close };

/** Calls that wait for their results at one time; a model makes a few. */
const MAX_PENDING_CALLS = 32;
/** What is remembered of calls, so that a late answer is known for what it is. */
const MAX_CALLS = 200;

/**
 * Adds calls. They have to be declared, as a model calls nothing else.
 * @returns why it cannot be, as a sentence
 */
export function callTools(
  before: ToolCalls,
  ordered: readonly OrderedCall[],
  {
    declared,
    personality,
    random,
  }: { declared: readonly FunctionDeclaration[]; personality: Personality; random: Random },
): { ok: true; calls: ToolCalls; made: ToolCall[] } | { ok: false; why: string } {
  const made: ToolCall[] = [];
  for (const { name, args, id = callId(random) } of ordered) {
    const declaration = declared.find((one) => one.name === name);
    if (!declaration) return { ok: false, why: `The setup declares no function ${name}.` };
    if ([...before, ...made].some((call) => call.id === id)) {
      return { ok: false, why: `There has been a call ${id} already.` };
    }
    made.push({ name, args, id, blocking: isBlocking(declaration, personality), state: "pending" });
  }
  const calls = forgetOldest([...before, ...made]);
  if (pendingIn(calls).length > MAX_PENDING_CALLS) {
    return { ok: false, why: `More than ${MAX_PENDING_CALLS} calls would wait for their results.` };
  }
  return { ok: true, calls, made };
}

/**
 * Takes a client's results. Google closes on a call that it has not made. The result of a cancelled call is ignored,
 * since it may have been on its way when the cancellation left, and so is one of a call that does not block and has
 * had its last. `idsOptional`: a result without an id is that of the oldest call of its name that waits.
 */
export function answerTools(
  before: ToolCalls,
  responses: readonly ToolResponse[],
  { idsOptional }: { idsOptional: boolean },
): Answered {
  if (responses.length === 0) return refuse("A tool response has at least one function response.");
  let calls = before;
  const results: ToolResult[] = [];
  for (const answer of responses) {
    const call = findCall(calls, answer, idsOptional);
    if (!call) return refuse(`No function call ${answer.id ?? `of ${answer.name ?? "no name"}`} is known.`);
    if (answer.name !== undefined && answer.name !== call.name) {
      return refuse(`Call ${call.id} is of ${call.name}, not ${answer.name}.`);
    }
    if (call.state === "answered" && call.blocking) return refuse(`Call ${call.id} has been answered.`);
    if (call.state !== "pending") continue;
    const more = !call.blocking && answer.willContinue === true;
    if (!more) calls = withState(calls, [call.id], "answered");
    results.push({ call, response: answer.response ?? {}, scheduling: schedulingOf(call, answer) });
  }
  return { ok: true, calls, results };
}

/** Cancels those of the calls that still wait. */
export function cancelTools(
  before: ToolCalls,
  ids: readonly string[],
): { calls: ToolCalls; cancelled: string[] } {
  const cancelled = pendingIn(before)
    .map(({ id }) => id)
    .filter((id) => ids.includes(id));
  return { calls: withState(before, cancelled, "cancelled"), cancelled };
}

export function pendingIn(calls: ToolCalls): ToolCall[] {
  return calls.filter(({ state }) => state === "pending");
}

/** Longest piece of a result that the demo voice shows. */
const MAX_RESULT_CHARS = 200;

/** What a function gave, as text: `get_time: {"output":"12:00"}`. */
export function describeResult({ call, response }: ToolResult): string {
  const text = `${call.name}: ${JSON.stringify(response)}`;
  return text.length <= MAX_RESULT_CHARS ? text : `${text.slice(0, MAX_RESULT_CHARS - 1)}…`;
}

/** A function that says nothing of its behaviour has that of its model; models without the choice always wait. */
function isBlocking({ behavior }: FunctionDeclaration, personality: Personality): boolean {
  if (!personality.nonBlockingTools || behavior === "BLOCKING") return true;
  return behavior !== "NON_BLOCKING" && !personality.nonBlockingByDefault;
}

/** In the form of the recordings of the Gemini API in googleapis/js-genai. */
function callId(random: Random): string {
  return `function-call-${random.text(1, "123456789")}${random.text(18, "0123456789")}`;
}

function findCall(calls: ToolCalls, { id, name }: ToolResponse, idsOptional: boolean): ToolCall | undefined {
  if (id !== undefined && id !== "") return calls.find((call) => call.id === id);
  if (!idsOptional) return undefined;
  // Else it is late, for the last one: that may have been cancelled while the result was on its way.
  return pendingIn(calls).find((call) => call.name === name) ?? calls.findLast((call) => call.name === name);
}

/** By default a result waits for its turn (`FunctionResponse.scheduling` in the official client's types). */
function schedulingOf({ blocking }: ToolCall, { scheduling }: ToolResponse): ToolResult["scheduling"] {
  if (blocking || scheduling === undefined || scheduling === "SCHEDULING_UNSPECIFIED") return "WHEN_IDLE";
  return scheduling;
}

function withState(calls: ToolCalls, ids: readonly string[], state: ToolCall["state"]): ToolCalls {
  return calls.map((call) => (ids.includes(call.id) ? { ...call, state } : call));
}

/** Those that wait are never forgotten, and they are few. */
function forgetOldest(calls: ToolCalls): ToolCalls {
  const surplus = calls.length - MAX_CALLS;
  if (surplus <= 0) return calls;
  const settled = calls.filter(({ state }) => state !== "pending").slice(0, surplus);
  return calls.filter((call) => !settled.includes(call));
}

function refuse(detail: string): Answered {
  return { ok: false, close: Closes.badArgument(detail) };
}
