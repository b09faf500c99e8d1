import { setTimeout as sleep } from "node:timers/promises";
import { GoogleGenAI, Modality } from "@google/genai";
import { EMULATED_GEMINI_KEY } from "../../protocol/development.ts";
import { startStack } from "../../test/support/stack.ts";
import { BareBrowser } from "../common/bare-page/bare-page.ts";
import type { Bench, BenchOptions, BenchReport } from "../common/bench.ts";
import { nowMs } from "../common/clock.ts";
import { interleave } from "../common/interleave.ts";
import { startCall } from "../latency/rig/bot-call.ts";
import { GeminiControl } from "../latency/rig/gemini-control.ts";
import { firstSince, Samples } from "../latency/rig/heard.ts";

/** The answer that is cut, and the one that takes its place. */
const OLD_ANSWER = { kind: "tone", hz: 700, durationMs: 8_000, level: 0.3 } as const;
const NEXT_ANSWER = { kind: "tone", hz: 1_100, durationMs: 600, level: 0.3 } as const;
/** How long the emulator is told to think: longer than a silence has to be to be told from a pause. */
const THINKS_MS = 500;
/** So much of the old answer is heard first. */
const TALKS_MS = 1_200;
const HEARD_WITHIN_MS = 10_000;
const MODEL = "gemini-3.8-live";

/** What a user hears of a lost connection to the model: how long it is silent in the middle of an answer. */
export const gapBench: Bench = {
  name: "gap",
  summary: "the connection to Gemini breaks in an answer: how long nothing is heard",
  run: measure,
};

async function measure(options: BenchOptions): Promise<BenchReport> {
  const { progress, signal, runs } = options;
  progress("starting the product");
  await using stack = await startStack();
  await using browser = await BareBrowser.open({ callMachineUrl: `${stack.daily.url}/call-machine` });
  signal.throwIfAborted();
  const gemini = new GeminiControl(stack.gemini.url);
  await gemini.answer(NEXT_ANSWER);
  await gemini.thinkFor(THINKS_MS);
  const gaps = new Samples();
  const cuts = new Samples();
  const returns = new Samples();
  const { "the client alone": alone } = await interleave({
    rounds: runs,
    options,
    measurements: {
      "a lost connection": async () => {
        // A new one each time: breaks of one connection after the other are met with more and more patience.
        await using call = await startCall({ edgeUrl: stack.edge.url, gemini }, await browser.newPage());
        const { page } = call;
        const saidAtMs = nowMs();
        await gemini.say(OLD_ANSWER, call.gemini);
        await firstSince(page, { type: "sound", fromMs: saidAtMs, withinMs: HEARD_WITHIN_MS });
        await sleep(TALKS_MS, undefined, { signal });
        const droppedAtMs = nowMs();
        await drop(stack.gemini.url, call.gemini);
        const since = { fromMs: droppedAtMs, withinMs: HEARD_WITHIN_MS };
        await gaps.add(async () => {
          const silence = await firstSince(page, { type: "silence", ...since });
          cuts.ms.push(silence.atMs - droppedAtMs);
          const sound = await firstSince(page, {
            type: "sound",
            fromMs: silence.atMs,
            withinMs: HEARD_WITHIN_MS,
          });
          await firstSince(page, { type: "silence", fromMs: sound.atMs, withinMs: HEARD_WITHIN_MS });
          returns.ms.push(sound.atMs - droppedAtMs);
          return sound.atMs - silence.atMs;
        });
        return [];
      },
      "the client alone": () => firstSoundOf(stack.gemini.url),
    },
  });
  return {
    workload: `1 call, new in each run: an answer whose connection breaks after ${TALKS_MS} ms of it; the emulator is told to think for ${THINKS_MS} ms before the next one, which is in all figures but the last`,
    rows: [
      { label: "silence at the ear, until the model goes on", unit: "ms", ours: gaps.ms, floor: alone },
      {
        label: "the connection breaks → the model goes on, at the ear",
        unit: "ms",
        ours: returns.ms,
        floor: alone,
      },
      { label: "the connection breaks → the old answer is silent, at the ear", unit: "ms", ours: cuts.ms },
    ],
    notes: [
      "Floor: the official client alone connects, asks, and has the first sound; nobody hears it.",
      "The old answer is cut when the loss is noticed, though more of it has come: nothing of it is heard after that.",
      `Answers that were not heard: ${gaps.missed} of ${gaps.missed + gaps.ms.length}.`,
    ],
  };
}

async function drop(emulatorUrl: string, session: string): Promise<void> {
  const response = await fetch(`${emulatorUrl}/_emulator/faults`, {
    method: "POST",
    body: JSON.stringify({ fault: "drop", session }),
  });
  if (!response.ok) throw new Error(`The Gemini emulator answered ${response.status}`);
}

/** From the first byte of a new connection to the first sound of an answer, in ms. */
async function firstSoundOf(baseUrl: string): Promise<number> {
  const client = new GoogleGenAI({
    apiKey: EMULATED_GEMINI_KEY,
    httpOptions: { baseUrl, apiVersion: "v1beta" },
  });
  const heard = Promise.withResolvers<number>();
  const startedAtMs = nowMs();
  const session = await client.live.connect({
    model: MODEL,
    config: { responseModalities: [Modality.AUDIO] },
    callbacks: {
      onmessage: ({ serverContent }) => {
        if (serverContent?.modelTurn?.parts?.some(({ inlineData }) => inlineData)) heard.resolve(nowMs());
      },
      onclose: () => heard.reject(new Error("The emulator closed the client's connection")),
    },
  });
  session.sendClientContent({ turns: [{ role: "user", parts: [{ text: "Hello" }] }] });
  const heardAtMs = await heard.promise;
  session.close();
  return heardAtMs - startedAtMs;
}
