/** The campaign `api`: any request there is, at the edge in workerd, and every answer held against its own OpenAPI document. */
import { join } from "node:path";
import { EventsClose } from "../../../protocol/events.ts";
import { describeError } from "../../../protocol/log.ts";
import { StartReply } from "../../../protocol/session.ts";
import { Program } from "../../../scripts/process-group.ts";
import { ROOT } from "../../../scripts/steps.ts";
import { type Stack, type StackProgram, startStack } from "../../support/stack.ts";
import { type PlannedCall, planCalls, type Target } from "./plan.ts";
import { Promises } from "./promises.ts";
import { watch } from "./watch.ts";

export interface ApiReport {
  /** How often each route answered with each status. */
  answers: Map<string, number>;
  /** What was wrong, with the call that it was wrong with. */
  complaints: string[];
}

interface Options {
  seed: number;
  calls: number;
  progress?: (done: number, of: number) => void;
}

/** Of those that can still be asked about; the newest stay. */
const MAX_SESSIONS = 50;
const CALL_TIMEOUT_MS = 20_000;
/** Enough to see what is wrong. */
const MAX_COMPLAINTS = 20;
const NOBODY = "0123456789abcdef0123456789abcdef";

export async function runApi({ seed, calls, progress }: Options): Promise<ApiReport> {
  await using stack = await startStack({ startBot });
  const promises = new Promises(await (await fetch(`${stack.edge.url}/openapi.json`)).json());
  const report: ApiReport = { answers: new Map(), complaints: [] };
  const sessions: string[] = [];
  const watched: Promise<void>[] = [];
  for (const [index, planned] of planCalls({ seed, calls }).entries()) {
    await make(planned, { stack, promises, report, sessions, watched });
    progress?.(index + 1, calls);
    if (report.complaints.length >= MAX_COMPLAINTS) break;
  }
  await Promise.all(watched);
  return report;
}

async function make(
  planned: PlannedCall,
  at: {
    stack: Stack;
    promises: Promises;
    report: ApiReport;
    sessions: string[];
    /** Goes on beside the calls: workerd on its own ends a connection only some 15 s after the close is agreed on. */
    watched: Promise<void>[];
  },
): Promise<void> {
  const { stack, promises, report, sessions, watched } = at;
  const { method, path, target, headers, body } = planned;
  const response = await fetch(`${stack.edge.url}${path.replace("{id}", idOf(target, sessions))}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  const text = await response.text();
  const route = path.split("?")[0] ?? path;
  const { status } = response;
  const complaints = promises.complaints({ method, path: route, status, headers: response.headers, text });
  const key = `${method} ${route} ${status}`;
  const complain = (complaint: string) => {
    report.complaints.push(
      `${key}: ${complaint}\n  ${JSON.stringify(planned).slice(0, 500)}\n  ${text.slice(0, 500)}`,
    );
  };
  if (status < 300 && complaints.length === 0) {
    complaints.push(...notesOf(planned, text, sessions));
    if (planned.watched) {
      const told = watchToTheEnd(stack.edge.url, text).catch((error: unknown) => [describeError(error)]);
      watched.push(told.then((wrong) => wrong.forEach(complain)));
    }
  }
  report.answers.set(key, (report.answers.get(key) ?? 0) + 1);
  complaints.forEach(complain);
}

/** Remembers what was started; says what a schema cannot. */
function notesOf({ method, path }: PlannedCall, text: string, sessions: string[]): string[] {
  if (method !== "POST" || !path.endsWith("/start")) return [];
  const reply = StartReply.strict().safeParse(JSON.parse(text));
  if (!reply.success) return ["it holds more than a start's reply"];
  const { sessionId, room, room_url, rtvi } = reply.data;
  sessions.push(sessionId);
  if (sessions.length > MAX_SESSIONS) sessions.shift();
  const complaints: string[] = [];
  if (room.url !== room_url) complaints.push("room_url is not the room's");
  if (!rtvi.wsEndpoint.includes(sessionId)) complaints.push("the events are another session's");
  return complaints;
}

/** Watches a session, stops it, and says what its events had wrong. */
async function watchToTheEnd(edgeUrl: string, reply: string): Promise<string[]> {
  const { sessionId, rtvi } = StartReply.parse(JSON.parse(reply));
  const watched = await watch(rtvi.wsEndpoint, async () => {
    const stopped = await fetch(`${edgeUrl}/api/rtvi/${sessionId}/stop`, {
      method: "POST",
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    await stopped.body?.cancel();
  });
  const complaints = watched.messages.flatMap((message, index) =>
    message.seq === index + 1 ? [] : [`event ${message.seq} came as number ${index + 1}`],
  );
  const last = watched.messages.at(-1);
  if (last?.type !== "state" || last.state !== "completed") complaints.push("the last event is not the end");
  if (watched.code !== EventsClose.ended) complaints.push(`the events were closed with ${watched.code}`);
  return complaints;
}

function idOf(target: Target | undefined, sessions: readonly string[]): string {
  if (target?.kind === "literal") return target.id;
  return sessions[Math.floor((target?.which ?? 0) * sessions.length)] ?? NOBODY;
}

async function startBot(): Promise<StackProgram> {
  const listening = Promise.withResolvers<string>();
  const lines: string[] = [];
  const program = new Program({
    name: "bot host",
    command: process.execPath,
    args: [join(ROOT, "test/campaign/api/bot-host.ts")],
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "", PORT: "0" },
    onLine: (line) => {
      lines.push(line);
      if (line.includes('"server.listening"')) listening.resolve((JSON.parse(line) as { url: string }).url);
    },
  });
  const ended = program.exited.then((how) => {
    throw new Error(`The bot host ended (${how}):\n${lines.join("\n")}`);
  });
  return { program, lines, url: await Promise.race([listening.promise, ended]) };
}
