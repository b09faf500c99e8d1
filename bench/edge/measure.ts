import { z } from "zod";
import { interleave } from "../common/interleave.ts";
import { cpuBetween, sampleTree } from "../common/process-usage.ts";
import type { RunningWorker } from "../common/workerd/workerd.ts";
import { putLoad } from "./load.ts";

export const CALLERS = 32;
/** Starts of one caller after the other, in each round. */
const STARTS = 20;
/** Requests that find a cold Worker: not counted. */
const WARM_UPS = 20;
const LOAD_S = 1;
const START = "/api/rtvi/start";

const StartReply = z.looseObject({ sessionId: z.string() });

export interface Workers {
  product: RunningWorker;
  floor: RunningWorker;
}

/** Starts by one caller, in ms each. */
export interface Starts {
  ours: number[];
  floor: number[];
  /** Of the bare Worker that stores one value in a new object beside it. */
  withObject: number[];
}

/** One caller after the other, in turns with the floors. */
export async function timeStarts({ product, floor }: Workers, signal: AbortSignal): Promise<Starts> {
  const urls = {
    ours: `${product.url}${START}`,
    floor: `${floor.url}/start`,
    withObject: `${floor.url}/start-with-object`,
  };
  for (let count = 0; count < WARM_UPS; count += 1) {
    for (const url of Object.values(urls)) await timed(url, signal);
  }
  return interleave({
    rounds: STARTS,
    measurements: {
      ours: async () => (await timed(urls.ours, signal)).ms,
      floor: async () => (await timed(urls.floor, signal)).ms,
      withObject: async () => (await timed(urls.withObject, signal)).ms,
    },
    options: { progress: () => {}, signal },
  });
}

/** What is asked over and over, by as many callers as there are. */
export type LoadName =
  | "starts"
  | "bare starts"
  | "bare starts with an object"
  | "sessions"
  | "bare objects"
  | "health"
  | "bare answers";

export interface LoadFigures {
  perSecond: number;
  /** Of workerd, for each request. */
  cpuMs: number;
}

export interface LoadRound {
  round: number;
  signal: AbortSignal;
  progress(text: string): void;
}

export async function measureLoads(
  { product, floor }: Workers,
  { round, signal, progress }: LoadRound,
): Promise<Map<LoadName, LoadFigures>> {
  const { sessionId } = StartReply.parse((await timed(`${product.url}${START}`, signal)).reply);
  const object = `${floor.url}/objects/${sessionId}`;
  await fetch(object, { method: "POST", signal });
  const loads: [LoadName, Asked][] = [
    ["starts", { worker: product, path: START, body: {} }],
    ["bare starts", { worker: floor, path: "/start", body: {} }],
    ["bare starts with an object", { worker: floor, path: "/start-with-object", body: {} }],
    ["sessions", { worker: product, path: `/api/rtvi/${sessionId}` }],
    ["bare objects", { worker: floor, path: `/objects/${sessionId}` }],
    ["health", { worker: product, path: "/health" }],
    ["bare answers", { worker: floor, path: "/" }],
  ];
  const figures = new Map<LoadName, LoadFigures>();
  for (const [name, asked] of round % 2 === 0 ? loads : loads.toReversed()) {
    progress(`${name}, ${CALLERS} callers`);
    figures.set(name, await underLoad(asked, signal));
  }
  return figures;
}

interface Asked {
  worker: RunningWorker;
  path: string;
  body?: unknown;
}

async function underLoad({ worker, path, body }: Asked, signal: AbortSignal): Promise<LoadFigures> {
  const method = body === undefined ? "GET" : "POST";
  const load = { url: `${worker.url}${path}`, method, body, callers: CALLERS, signal } as const;
  await putLoad({ ...load, seconds: 1 });
  const before = await sampleTree(worker.pid, { memory: false });
  const { requests, perSecond } = await putLoad({ ...load, seconds: LOAD_S });
  const { cpuMs } = cpuBetween(before, await sampleTree(worker.pid, { memory: false }));
  return { perSecond, cpuMs: cpuMs / requests };
}

/** One start, from its first byte until its answer was read. */
async function timed(url: string, signal: AbortSignal): Promise<{ ms: number; reply: unknown }> {
  const startedAt = performance.now();
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
    signal,
  });
  const text = await answer.text();
  const ms = performance.now() - startedAt;
  if (answer.status !== 201) throw new Error(`${url}: ${answer.status} ${text}`);
  return { ms, reply: JSON.parse(text) };
}
