import { vi } from "vitest";
import { loadClips } from "../clips/clips.ts";
import type { AnswerKind } from "../core/answer.ts";
import { type Access, KEY_ACCESS } from "../core/auth-tokens.ts";
import { parseClientMessage } from "../core/client-message.ts";
import type { Close } from "../core/closes.ts";
import type { Moment } from "../core/conversation.ts";
import type { Door } from "../core/doors.ts";
import { HandleStore } from "../core/handles.ts";
import { LiveSession, type SetupPlan } from "../core/live-session.ts";
import { Orders } from "../core/orders.ts";
import type { Pace } from "../core/pace.ts";
import { bytesOf } from "../core/pcm.ts";
import { Random } from "../core/random.ts";
import { RecordingBudget } from "../core/recording.ts";
import type { ServerMessage } from "../core/server-message.ts";

/** A session without sockets, for tests with fake timers. */

export const clips = loadClips();
export const MODEL = "models/gemini-3.8-live";
export const TRANSCRIBED = { inputAudioTranscription: {}, outputAudioTranscription: {} };
export const TONE = { kind: "tone", hz: 440, durationMs: 2_000, level: 0.3 } as const satisfies AnswerKind;
export const GEMINI: Door = { kind: "gemini", apiVersion: "v1beta" };
export const VERTEX: Door = { kind: "vertex", apiVersion: "v1beta1" };
export const HELLO = { realtimeInput: { text: "Hello" } };

/** A session and all that it said, each message with its time in milliseconds since the start. */
export function startSession({
  handles = new HandleStore(),
  answer = { kind: "demo" },
  pace,
  door = GEMINI,
  access = KEY_ACCESS,
  setupPlan = { kind: "complete", afterMs: 0 },
  seed = 1,
  model = MODEL,
}: {
  handles?: HandleStore;
  answer?: AnswerKind;
  pace?: Pace;
  door?: Door;
  access?: Access;
  setupPlan?: SetupPlan;
  seed?: number;
  model?: string;
} = {}) {
  const startedAt = performance.now();
  const said: { atMs: number; message: ServerMessage }[] = [];
  const closes: Close[] = [];
  const moments: Moment[] = [];
  const orders = new Orders({ answer, ...(pace ? { pace } : {}) });
  const session = new LiveSession({
    id: "live-1",
    door,
    access,
    clips,
    handles,
    budget: new RecordingBudget(1e8, () => false),
    orders,
    random: new Random(seed),
    planSetup: () => setupPlan,
    send: (message) => said.push({ atMs: performance.now() - startedAt, message }),
    close: (close) => closes.push(close),
    ready: () => {},
    happened: (moment) => moments.push(moment),
  });
  const tell = (message: unknown) => {
    const parsed = parseClientMessage(JSON.stringify(message));
    if (parsed.ok) session.receive(parsed.value);
    else session.close(parsed.close);
  };
  return {
    session,
    orders,
    moments,
    said,
    closes,
    tell,
    setUp(setup: object = {}) {
      tell({ setup: { model, ...setup } });
      vi.advanceTimersByTime(0);
    },
    /** Sends sound, 20 ms of it each 20 ms. */
    speak(pcm: Int16Array) {
      for (let at = 0; at < pcm.length; at += 320) {
        vi.advanceTimersByTime(20);
        const data = bytesOf(pcm.subarray(at, at + 320)).toString("base64");
        tell({ realtimeInput: { audio: { data, mimeType: "audio/pcm;rate=16000" } } });
      }
    },
    /** What was said, one word for each field. */
    summary: () => said.flatMap(({ message }) => summarise(message)),
  };
}

/** The fields of a message, in their order; those that belong to `turnComplete` go without saying. */
export function summarise(message: ServerMessage): string[] {
  if (!("serverContent" in message)) return Object.keys(message);
  return Object.keys(message.serverContent)
    .filter((field) => field !== "turnCompleteReason" && field !== "interactionStatus")
    .map((field) => (field === "modelTurn" ? "sound" : field));
}

/** Runs of the same word as one. */
export function runs(words: string[]): string[] {
  return words.filter((word, i) => word !== words[i - 1]);
}
