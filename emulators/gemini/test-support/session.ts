import { vi } from "vitest";
import { loadClips } from "../clips/clips.ts";
import type { AnswerKind } from "../core/answer.ts";
import { parseClientMessage } from "../core/client-message.ts";
import type { Close } from "../core/closes.ts";
import { HandleStore } from "../core/handles.ts";
import { LiveSession } from "../core/live-session.ts";
import { bytesOf } from "../core/pcm.ts";
import { RecordingBudget } from "../core/recording.ts";
import type { ServerMessage } from "../core/server-message.ts";

/** A session without sockets, for tests with fake timers. */

export const clips = loadClips();
export const MODEL = "models/gemini-3.8-live";
export const TRANSCRIBED = { inputAudioTranscription: {}, outputAudioTranscription: {} };
export const TONE = { kind: "tone", hz: 440, durationMs: 2_000, level: 0.3 } as const satisfies AnswerKind;
export const HELLO = { realtimeInput: { text: "Hello" } };

/** A session and all that it said, each message with its time in milliseconds since the start. */
export function startSession({
  handles = new HandleStore(),
  answer = { kind: "demo" },
  setupMs = 0,
}: {
  handles?: HandleStore;
  answer?: AnswerKind;
  setupMs?: number;
} = {}) {
  const startedAt = performance.now();
  const said: { atMs: number; message: ServerMessage }[] = [];
  const closes: Close[] = [];
  const session = new LiveSession({
    id: "live-1",
    apiVersion: "v1beta",
    clips,
    handles,
    budget: new RecordingBudget(1e8, () => false),
    answer,
    setupMs,
    send: (message) => said.push({ atMs: performance.now() - startedAt, message }),
    close: (close) => closes.push(close),
    ready: () => {},
  });
  const tell = (message: unknown) => {
    const parsed = parseClientMessage(JSON.stringify(message));
    if (parsed.ok) session.receive(parsed.value);
    else session.close(parsed.close);
  };
  return {
    session,
    said,
    closes,
    tell,
    setUp(setup: object = {}) {
      tell({ setup: { model: MODEL, ...setup } });
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
    /** What was said, one word for each message. */
    summary: () => said.map(({ message }) => summarise(message)),
  };
}

export function summarise(message: ServerMessage): string {
  if (!("serverContent" in message)) return Object.keys(message)[0] ?? "";
  const [field = ""] = Object.keys(message.serverContent);
  return field === "modelTurn" ? "sound" : field;
}

/** Runs of the same word as one. */
export function runs(words: string[]): string[] {
  return words.filter((word, i) => word !== words[i - 1]);
}
