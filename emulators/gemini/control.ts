import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { parseJson } from "../../protocol/parse.ts";
import { readBody } from "../common/body.ts";
import { ApiError, sendJson } from "./api-error.ts";
import { AnswerKind } from "./core/answer.ts";
import { Fault } from "./faults.ts";
import type { Registry } from "./registry.ts";

const AnswerOrder = z.strictObject({ answer: AnswerKind, session: z.string().optional() });

/**
 * What tests and people use to look at the emulator and to make it misbehave, under `/_emulator`:
 *
 *     GET  sessions              every session, open or ended, oldest first
 *     GET  sessions/{id}/audio   s16le 16 kHz: what the client sent, in order of arrival
 *     GET  sessions/{id}/sent    s16le 24 kHz: what was sent to it
 *     POST answer {answer, session?}                     what is answered from the next turn on
 *     POST faults {fault, session?, afterMs?, …}         see faults.ts
 *     POST reset
 *
 * @throws ApiError, and ProblemError for what is wrong with a body
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
    else sendRecording(registry, { id, part }, response);
    return;
  }
  if (id !== undefined || !["answer", "faults", "reset"].includes(resource)) throw notFound(path);
  requireMethod(request, "POST");
  if (resource === "answer") {
    const { answer, session } = parseJson(AnswerOrder, await readBody(request));
    if (!registry.setAnswer(answer, session)) throw noSession(session);
    sendJson(response, 200, { answer });
  } else if (resource === "faults") {
    const fault = parseJson(Fault, await readBody(request));
    const outcome = registry.inflict(fault);
    if (outcome.kind === "no_such_session") throw noSession("session" in fault ? fault.session : undefined);
    if (outcome.kind === "too_many") throw new ApiError(429, "Too many faults are waiting. POST reset.");
    sendJson(response, 200, { sessions: outcome.sessions, next: outcome.next });
  } else {
    registry.reset();
    sendJson(response, 200, {});
  }
}

function sendRecording(
  registry: Registry,
  { id, part }: { id: string; part: string | undefined },
  response: ServerResponse,
): void {
  if (part !== "audio" && part !== "sent") throw notFound(`sessions/${id}/${part ?? ""}`);
  const session = registry.find(id);
  if (!session) throw noSession(id, "");
  const recording = part === "audio" ? session.received : session.sent;
  const bytes = recording.bytes();
  response.writeHead(200, { "content-type": "application/octet-stream" });
  response.end(bytes);
}

function requireMethod(request: IncomingMessage, method: "GET" | "POST"): void {
  if (request.method !== method) throw new ApiError(405, `Only ${method} is possible here.`);
}

function notFound(path: string): ApiError {
  return new ApiError(404, `There is no /_emulator/${path}.`);
}

function noSession(id: string | undefined, open = "open "): ApiError {
  return new ApiError(404, `There is no ${open}session ${id ?? ""}.`);
}
