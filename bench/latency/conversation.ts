import { setTimeout as sleep } from "node:timers/promises";
import type { BenchOptions } from "../common/bench.ts";
import { MARKER_NUMBERS } from "../common/marker.ts";
import type { BarePair } from "./rig/bare-pair.ts";
import type { BotCall } from "./rig/bot-call.ts";
import { type GeminiControl, soundAnswer } from "./rig/gemini-control.ts";
import type { Speech } from "./rig/speech.ts";
import type { TimedMarker } from "./timed-markers.ts";

/** A marker and words. */
export const UTTERANCE_MS = 600;
/** Between the two speakers: what the first said has been heard, and the voice detector rests again. */
const TURN_PAUSE_MS = 400;
/** Up to so much more, so that what is said begins anywhere within a frame, a packet or a message. */
const JITTER_MS = 80;

export interface ConversationOptions {
  rounds: number;
  /** The first number that is said. */
  offset: number;
  speech: Speech;
  random(): number;
  signal: BenchOptions["signal"];
}

/** What was said from the one side and the other, by their clocks. */
export interface Said {
  up: TimedMarker[];
  down: TimedMarker[];
}

/** A user and Gemini speak in turns. What Gemini said, and when, is in the emulator's records. */
export async function converseWithBot(
  { page, gemini: session }: BotCall,
  gemini: GeminiControl,
  options: ConversationOptions,
): Promise<TimedMarker[]> {
  const up: TimedMarker[] = [];
  await rounds(options, async (number) => {
    up.push({ number, atMs: await page.say(options.speech.marked(number, UTTERANCE_MS)) });
    await pause(options);
    await gemini.say(soundAnswer(options.speech.answer(number, UTTERANCE_MS)), session);
    // It says so at once; the page plays it for as long as it is.
    await sleep(UTTERANCE_MS, undefined, { signal: options.signal });
  });
  return up;
}

/** The same between two bare pages: what is said, its length and its pauses. */
export async function converseBare({ near, far }: BarePair, options: ConversationOptions): Promise<Said> {
  const said: Said = { up: [], down: [] };
  await rounds(options, async (number) => {
    const utterance = options.speech.marked(number, UTTERANCE_MS);
    said.up.push({ number, atMs: await near.say(utterance) });
    await pause(options);
    said.down.push({ number, atMs: await far.say(utterance) });
  });
  return said;
}

async function rounds(options: ConversationOptions, round: (number: number) => Promise<void>): Promise<void> {
  // Nobody begins with somebody else.
  await sleep(options.random() * 2 * UTTERANCE_MS, undefined, { signal: options.signal });
  for (let index = 0; index < options.rounds; index += 1) {
    await round((options.offset + index) % MARKER_NUMBERS);
    await pause(options);
  }
}

function pause({ random, signal }: ConversationOptions): Promise<void> {
  return sleep(TURN_PAUSE_MS + random() * JITTER_MS, undefined, { signal });
}
