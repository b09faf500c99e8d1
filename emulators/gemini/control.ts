import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { ProblemError } from "../../protocol/errors.ts";
import { parseJson } from "../../protocol/parse.ts";
import { readBody } from "../common/body.ts";
import { sendJson } from "./api-error.ts";
import { AnswerKind } from "./core/answer.ts";
import type { LiveSession } from "./core/live-session.ts";
import { Pace } from "./core/pace.ts";
import { Fault } from "./faults.ts";
import type { FaultOutcome, Registry } from "./registry.ts";

const session = z.string().optional();
const AnswerOrder = z.strictObject({ answer: AnswerKind, session });
/** Longest interval in which something is said again and again: ten minutes. */
const MAX_EVERY_MS = 600_000;
const SayOrder = z.strictObject({
  answer: AnswerKind,
  everyMs: z.int().min(100).max(MAX_EVERY_MS).optional(),
  session,
});
const HeedOrder = z.strictObject({ speech: z.boolean(), session });
/** Of an order that may bring sound along: ten seconds of it, as base64. */
const MAX_SOUND_BODY_BYTES = 1024 * 1024;
const BRINGS_SOUND: ReadonlySet<string> = new Set(["answer", "say"]);
const PaceOrder = z.strictObject({ ...Pace.shape, session });
const SeedOrder = z.strictObject({ seed: z.int32() });
const BadKeyOrder = z.strictObject({ code: z.literal([1007, 1008]) });

/** What can be ordered, by the last part of the path. Each gives the body of its answer. */
const ORDERS: Readonly<Record<string, (registry: Registry, body: string) => object>> = {
  answer(registry, body) {
    const { answer, session } = parseJson(AnswerOrder, body);
    if (!registry.setAnswer(answer, session)) throw noOpenSession(session);
    return { answer };
  },
  say(registry, body) {
    const { answer, everyMs, session } = parseJson(SayOrder, body);
    const outcome = registry.sayNow({ answer, ...(everyMs === undefined ? {} : { everyMs }) }, session);
    switch (outcome.kind) {
      case "said":
        return { sessions: outcome.sessions };
      case "no_such_session":
        throw noOpenSession(session);
      case "impossible":
        throw new ProblemError("conflict", outcome.why);
    }
  },
  heed(registry, body) {
    const { speech, session } = parseJson(HeedOrder, body);
    if (!registry.setHeedsSpeech(speech, session)) throw noOpenSession(session);
    return { speech };
  },
  pace(registry, body) {
    const { session, ...pace } = parseJson(PaceOrder, body);
    if (!registry.setPace(pace, session)) throw noOpenSession(session);
    return { pace };
  },
  seed(registry, body) {
    const { seed } = parseJson(SeedOrder, body);
    registry.setSeed(seed);
    return { seed };
  },
  badKey(registry, body) {
    const { code } = parseJson(BadKeyOrder, body);
    registry.setBadKeyCode(code);
    return { code };
  },
  faults(registry, body) {
    const fault = parseJson(Fault, body);
    return outcomeOf(registry.inflict(fault), "session" in fault ? fault.session : undefined);
  },
  reset(registry) {
    registry.reset();
    return {};
  },
};

/**
 * What tests and people use to look at the emulator and to make it misbehave, under `/_emulator`:
 *
 *     GET  sessions                every session, open or ended, oldest first
 *     GET  sessions/{id}           one of them
 *     GET  sessions/{id}/audio     s16le 16 kHz: what the client sent, in order of arrival
 *     GET  sessions/{id}/sent      s16le 24 kHz: what was sent to it
 *     GET  sessions/{id}/arrivals, …/departures   when each piece of these came and went: [{atMs, samples}]
 *     GET  sessions/{id}/messages  the last 500 messages, both ways
 *     POST answer {answer, session?}                     what is answered from the next turn on
 *     POST say    {answer, everyMs?, session?}           is said now, and every so often, though nobody asked
 *     POST heed   {speech, session?}                     whether the user's speech interrupts and is answered
 *     POST pace   {firstAudioMs?, chunkMs?, …, session?}  how it comes, see core/pace.ts
 *     POST faults {fault, session?, afterMs?, at?, …}    see faults.ts
 *     POST seed   {seed}                                 of all that is random, for the sessions to come
 *     POST badKey {code}                                 with which a bad key closes
 *     POST reset
 *
 * @throws ProblemError
 */
export async function control(
  registry: Registry,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [resource = "", id, part, ...rest] = path.split("/");
  if (rest.length > 0) throw notFound(path);
  if (resource === "sessions") {
    requireMethod(request, "GET");
    if (id === undefined) sendJson(response, 200, registry.views());
    else sendSession({ session: findSession(registry, id), part, path }, response);
    return;
  }
  const order = Object.hasOwn(ORDERS, resource) ? ORDERS[resource] : undefined;
  if (id !== undefined || !order) throw notFound(path);
  requireMethod(request, "POST");
  const maxBytes = BRINGS_SOUND.has(resource) ? MAX_SOUND_BODY_BYTES : undefined;
  sendJson(response, 200, order(registry, await readBody(request, maxBytes)));
}

function sendSession(
  { session, part, path }: { session: LiveSession; part: string | undefined; path: string },
  response: ServerResponse,
): void {
  switch (part) {
    case undefined:
      sendJson(response, 200, session.view());
      return;
    case "messages":
      sendJson(response, 200, session.messages.entries);
      return;
    case "arrivals":
      sendJson(response, 200, session.received.pieces);
      return;
    case "departures":
      sendJson(response, 200, session.sent.pieces);
      return;
    case "audio":
    case "sent": {
      const recording = part === "audio" ? session.received : session.sent;
      response.writeHead(200, { "content-type": "application/octet-stream" });
      response.end(recording.bytes());
      return;
    }
    default:
      throw notFound(path);
  }
}

/** @throws ProblemError where the fault cannot be */
function outcomeOf(outcome: FaultOutcome, session: string | undefined): object {
  switch (outcome.kind) {
    case "planned":
      return { sessions: outcome.sessions, next: outcome.next };
    case "no_such_session":
      throw noOpenSession(session);
    case "too_many":
      throw new ProblemError("conflict", "Too many faults are waiting. POST reset.");
    case "impossible":
      throw new ProblemError("conflict", outcome.why);
  }
}

function findSession(registry: Registry, id: string): LiveSession {
  const found = registry.find(id);
  if (!found) throw new ProblemError("session_not_found", `There is no session ${id}.`);
  return found;
}

function requireMethod(request: IncomingMessage, method: "GET" | "POST"): void {
  if (request.method === method) return;
  throw new ProblemError("method_not_allowed", `Only ${method} is possible here.`);
}

function notFound(path: string): ProblemError {
  return new ProblemError("not_found", `There is no /_emulator/${path}.`);
}

function noOpenSession(id: string | undefined): ProblemError {
  return new ProblemError("session_not_found", `There is no open session ${id ?? ""}.`);
}
