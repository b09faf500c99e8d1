/**
 * The campaign `api`: requests that fast-check makes of the edge's OpenAPI document, over the wire to the edge in
 * workerd, and every answer held against that document.
 */
import { join } from "node:path";
import { z } from "zod";
import { type AskedService, type Driven, drive } from "../../../edge/testing/requests/drive.ts";
import type { Answer } from "../../../edge/testing/requests/exchange.ts";
import type { Trouble } from "../../../edge/testing/requests/planned-request.ts";
import { EventsClose } from "../../../protocol/events.ts";
import { describeError } from "../../../protocol/log.ts";
import { StartReply } from "../../../protocol/session.ts";
import { Program } from "../../../scripts/process-group.ts";
import { ROOT } from "../../../scripts/steps.ts";
import { type Stack, type StackProgram, startStack } from "../../support/stack.ts";
import { watch } from "./watch.ts";
import { Wire } from "./wire.ts";

export interface ApiReport extends Driven {
  /** What was wrong with the events of sessions. */
  complaints: string[];
  /** How many sessions were watched from their start to their end. */
  watched: number;
}

interface Options {
  seed: number;
  requests: number;
  maxSessions: number;
  onProgress?(done: number): void;
}

const OPEN: AskedService = {
  name: "open",
  share: 1,
  users: 0,
  open: true,
  works: true,
  tokens: [],
  fails: [],
};
/** What takes other settings than those of one service in development; the same requests in workerd bring them about. */
const UNREACHABLE = [
  ...["misconfigured", "auth_unavailable", "rate_limited", "too_many_sessions"],
  "/health forbidden",
];
/** The proxy of `wrangler dev` may lose the request after a body of more than this. */
const MAX_BODY_BYTES = 300_000;
/** One of so many sessions is watched. */
const WATCH_EVERY = 5;
const TIMEOUT_MS = 20_000;

const LinkToken = z.object({ token: z.string().optional() });

export async function runApi(options: Options): Promise<ApiReport> {
  await using stack = await startStack({ startBot });
  using wire = new Wire(stack.edge.url);
  const complaints: string[] = [];
  /** Goes on beside the requests. */
  const watched: Promise<void>[] = [];
  let begun = 0;
  const driven = await drive(
    {
      document: await (await fetch(`${stack.edge.url}/openapi.json`)).json(),
      services: [OPEN],
      origins: { allowed: ["http://localhost:3000"], foreign: ["https://evil.example", "null"] },
      rooms: ["one", "two", "three"].map((name) => `${stack.daily.url}/${name}`),
      maxBodyBytes: MAX_BODY_BYTES,
      headerCharacters: "latin1",
      // Of the connection, so workerd keeps it.
      withheld: ["upgrade"],
      unreachable: UNREACHABLE,
      send: async (request, trouble) => {
        await causeTrouble(stack, trouble);
        const answer = await wire.send(request);
        if (trouble === "hosts are full") await post(`${stack.bot.url}/_test/accept`);
        return answer;
      },
      linkTokenOf: async (sessionId) => {
        const answer = await fetch(`${stack.bot.url}/_test/links/${sessionId}`);
        return LinkToken.parse(await answer.json()).token;
      },
      onBegun: (answer) => {
        begun += 1;
        const reply = begun % WATCH_EVERY === 0 ? replyOf(answer) : undefined;
        if (!reply) return;
        const wrong = watchToTheEnd(stack.edge.url, reply).catch((error: unknown) => [describeError(error)]);
        watched.push(wrong.then((some) => void complaints.push(...some)));
      },
    },
    options,
  );
  await Promise.all(watched);
  return { ...driven, complaints, watched: watched.length };
}

/** For the next start. */
async function causeTrouble({ bot, daily }: Stack, trouble: Trouble): Promise<void> {
  if (trouble === "hosts are full") await post(`${bot.url}/_test/refuse`);
  if (trouble === "Daily refuses")
    await post(`${daily.url}/_emulator/faults`, { fault: "rest", status: 403 });
}

async function post(url: string, body: unknown = {}): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
}

/** Of a start; `/connect` does not say where the events are. */
function replyOf({ text }: Answer): StartReply | undefined {
  return StartReply.safeParse(JSON.parse(text)).data;
}

/** Watches a session, stops it, and says what its events had wrong. */
async function watchToTheEnd(edgeUrl: string, { sessionId, rtvi }: StartReply): Promise<string[]> {
  const watched = await watch(rtvi.wsEndpoint, () => post(`${edgeUrl}/api/rtvi/${sessionId}/stop`));
  const complaints = watched.messages.flatMap((message, index) =>
    message.seq === index + 1 ? [] : [`event ${message.seq} came as number ${index + 1}`],
  );
  const last = watched.messages.at(-1);
  if (last?.type !== "state" || last.state !== "completed") complaints.push("the last event is not the end");
  if (watched.code !== EventsClose.ended) complaints.push(`the events were closed with ${watched.code}`);
  return complaints;
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
