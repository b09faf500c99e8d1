import fc from "fast-check";
import { z } from "zod";
import { Coverage } from "./coverage.ts";
import { type Answer, pathOf, type SentRequest } from "./exchange.ts";
import { Memory, type Resolved } from "./memory.ts";
import { OpenApi } from "./open-api.ts";
import type { PlannedRequest, Service, Trouble } from "./planned-request.ts";
import { Promises } from "./promises.ts";
import { RequestFaults } from "./request-faults.ts";
import { requestsOf } from "./requests.ts";

/** A service with its token holders, as it is asked through a door. */
export interface AskedService extends Service {
  /** One for each of its users. */
  tokens: readonly string[];
  /** Codes of 5xx that it may answer with at any time: what is missing is missing on purpose. */
  fails: readonly string[];
}

/** A way to the edge: over the wire, or into a Worker of the same process. */
export interface Door {
  /** The service's own, as it serves it. */
  document: unknown;
  services: readonly AskedService[];
  origins: { allowed: readonly string[]; foreign: readonly string[] };
  rooms: readonly string[];
  maxBodyBytes: number;
  headerCharacters: "ascii" | "latin1";
  /** Headers of answers that do not come through. */
  withheld: readonly string[];
  /** Codes that nothing that is asked here can bring about, of any operation, or (`/path code`) of one. */
  unreachable: readonly string[];
  /** @param trouble what the service is to meet while it answers this request */
  send(request: SentRequest, trouble: Trouble): Promise<Answer>;
  linkTokenOf(sessionId: string): Promise<string | undefined>;
  /** Told of each session that was begun. */
  onBegun?(reply: Answer): void;
}

interface Options {
  seed: number;
  requests: number;
  maxSessions: number;
  onProgress?(done: number): void;
}

export interface Driven {
  /** How many sessions were begun, those that failed at once included. */
  begun: number;
  /** How many requests were made. */
  asked: number;
  coverage: Coverage;
  /** What was never met, though it can be. Of a run that failed it says nothing. */
  missing: string[];
  /** What broke a promise, as small as it could be made, with fast-check's seed and path. */
  failure: string | undefined;
}

/**
 * What chance has left out is looked for in rounds of their own, of requests to just those addresses, and to those of
 * sessions, by which a start may be answered otherwise; each is so large a part of the run.
 */
const OF_SESSIONS = "/api/rtvi/{id}";
const MAX_ROUNDS = 5;
const SHARE_OF_ROUND = 0.05;
/** 5xx that a start may be answered with when others do not do their part. */
const TROUBLES: Readonly<Record<Trouble, readonly string[]>> = {
  none: [],
  "hosts are full": ["no_capacity"],
  "Daily refuses": ["daily_failed"],
};
const ANOTHERS = "a session of another user: 404";
/** Of a request or an answer in what is told, in characters. */
const MAX_TOLD_CHARS = 1_500;

const Coded = z.object({ code: z.string() });

/** Sends requests that fast-check makes of the document, one after the other, and holds each answer against it. */
export async function drive(
  door: Door,
  { seed, requests, maxSessions, onProgress }: Options,
): Promise<Driven> {
  const api = new OpenApi(door.document);
  const promises = new Promises(api);
  const faults = new RequestFaults(api);
  const coverage = new Coverage(api);
  const serviceOf = (name: string) => door.services.find((service) => service.name === name);
  const memory = new Memory({
    tokensOf: (name) => serviceOf(name)?.tokens ?? [],
    linkTokenOf: (sessionId) => door.linkTokenOf(sessionId),
    isRefused: (request) => {
      const operation = api.at(pathOf(request)).find(({ method }) => method === request.method);
      return operation !== undefined && faults.of(request, operation).length > 0;
    },
    maxSessions,
  });
  const most = requests + MAX_ROUNDS * Math.ceil(requests * SHARE_OF_ROUND);
  let done = 0;
  /** The latest request that broke a promise: the smallest, once fast-check is done. */
  let broken = "";

  const ask = async (planned: PlannedRequest): Promise<void> => {
    const resolved = await memory.resolve(planned, done / most);
    done += 1;
    onProgress?.(done);
    const { request, plan } = resolved;
    const answer = await door.send(request, plan.trouble);
    const begunBefore = memory.begun;
    memory.note(resolved, answer);
    if (memory.begun > begunBefore) door.onBegun?.(answer);
    const complaints = promises.complaints(request, answer, {
      mayFailWith: [...TROUBLES[plan.trouble], ...(serviceOf(plan.service)?.fails ?? [])],
      withheld: door.withheld,
      origins: door.origins,
    });
    if (complaints.length > 0) {
      broken = `${told(request)}\n${answer.status} ${answer.text.slice(0, MAX_TOLD_CHARS)}`;
      throw new Error(complaints.join("; "));
    }
    coverage.meet({ request, answer, code: codeOf(answer), more: moreOf(resolved, answer) });
  };

  const all = requestsOf(api, door);
  const missing = () =>
    coverage.missing({
      unreachable: ["internal", ...door.unreachable],
      origins: door.origins,
      more: door.services.some(({ works, tokens }) => works && tokens.length > 1) ? [ANOTHERS] : [],
    });
  let details = await fc.check(fc.asyncProperty(all, ask), { seed, numRuns: requests });
  for (let round = 1; round <= MAX_ROUNDS && !details.failed && missing().length > 0; round++) {
    const paths = missing().flatMap((one) => one.split(" ").slice(1, 2));
    const isKnown = paths.some((path) => api.operations.some((operation) => operation.path === path));
    const some = all.filter(({ path }) => !isKnown || paths.includes(path) || path.startsWith(OF_SESSIONS));
    details = await fc.check(fc.asyncProperty(some, ask), {
      seed: seed + round,
      numRuns: Math.ceil(requests * SHARE_OF_ROUND),
    });
  }
  return {
    begun: memory.begun + memory.troubled,
    asked: done,
    coverage,
    missing: missing(),
    failure: details.failed
      ? [
          `After ${details.numRuns} requests, made smaller ${details.numShrinks} times; fast-check's seed ${details.seed}, path ${details.counterexamplePath}:`,
          describe(details.errorInstance),
          broken,
          `planned as ${JSON.stringify(details.counterexample?.[0]).slice(0, MAX_TOLD_CHARS)}`,
        ].join("\n")
      : undefined,
  };
}

function moreOf({ session, user }: Resolved, answer: Answer): string | undefined {
  const isAnothers = session?.user !== undefined && user !== undefined && session.user !== user;
  return isAnothers && codeOf(answer) === "session_not_found" ? ANOTHERS : undefined;
}

function codeOf({ status, text }: Answer): string | undefined {
  if (status < 400 || text === "") return undefined;
  try {
    return Coded.safeParse(JSON.parse(text)).data?.code;
  } catch {
    return undefined;
  }
}

function told({ service, method, target, headers, body }: SentRequest): string {
  const text = body === undefined ? "" : new TextDecoder().decode(body.slice(0, MAX_TOLD_CHARS));
  const lines = [
    `${method} ${target} (${service})`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`${body.byteLength} bytes: ${text}`]),
  ];
  return lines.map((line) => line.slice(0, MAX_TOLD_CHARS)).join("\n");
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
