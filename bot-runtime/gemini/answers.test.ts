import { describe, expect, it } from "vitest";
import { audioPart } from "../testing/fake-live.ts";
import { type AnswerState, INTERRUPTED_TAIL_MS, NO_ANSWER, readContent } from "./answers.ts";
import type { ServerContent } from "./server-message.ts";

const AUDIO: ServerContent = { modelTurn: { parts: [audioPart(20)] } };

/** Reads contents one after the other, each at its time, and tells the frames in short. */
function read(...contents: (ServerContent | [ServerContent, number])[]) {
  let state: AnswerState = NO_ANSWER;
  const frames: string[] = [];
  const unusable: string[] = [];
  for (const entry of contents) {
    const [content, now] = Array.isArray(entry) ? entry : [entry, 0];
    const result = readContent(state, content, now);
    state = result.state;
    unusable.push(...result.unusable);
    for (const { frame, direction } of result.frames) {
      const generation = "generation" in frame ? ` ${frame.generation}` : "";
      const interrupted = frame.type === "answer-ended" && frame.interrupted ? " interrupted" : "";
      frames.push(`${direction === "up" ? "^" : ""}${frame.type}${generation}${interrupted}`);
    }
  }
  return { state, frames, unusable };
}

describe("readContent", () => {
  it("reads an answer that comes one field at a time", () => {
    const { frames, state } = read(
      AUDIO,
      { outputTranscription: { text: "Hi" } },
      AUDIO,
      { generationComplete: true },
      { turnComplete: true },
    );
    expect(frames).toEqual([
      "answer-started 1",
      "answer-audio 1",
      "answer-text 1",
      "answer-audio 1",
      "answer-generated 1",
      "answer-ended 1",
    ]);
    expect(state).toEqual({ kind: "idle", generation: 1 });
  });

  it("reads the same answer from one message, with the end of the turn last", () => {
    const { frames } = read({
      turnComplete: true,
      generationComplete: true,
      outputTranscription: { text: "Hi" },
      inputTranscription: { text: "Hello", finished: true },
      modelTurn: { parts: [audioPart(20), { text: "thinking", thought: true }, audioPart(20)] },
    });
    expect(frames).toEqual([
      "answer-started 1",
      "answer-audio 1",
      "answer-audio 1",
      "^user-text",
      "answer-text 1",
      "answer-generated 1",
      "answer-ended 1",
    ]);
  });

  it("numbers answers upwards", () => {
    const { frames } = read(AUDIO, { turnComplete: true }, AUDIO);
    expect(frames.filter((frame) => frame.startsWith("answer-started"))).toEqual([
      "answer-started 1",
      "answer-started 2",
    ]);
  });

  it("counts what comes between interrupted and turnComplete to the cancelled answer", () => {
    const { frames } = read(AUDIO, { interrupted: true }, AUDIO, { turnComplete: true }, AUDIO);
    expect(frames).toEqual([
      "answer-started 1",
      "answer-audio 1",
      "answer-interrupted 1",
      "answer-audio 1",
      "answer-ended 1 interrupted",
      "answer-started 2",
      "answer-audio 2",
    ]);
  });

  it("begins a new answer when the cancelled one's end does not come", () => {
    const { frames } = read(AUDIO, [{ interrupted: true }, 5_000], [AUDIO, 5_000 + INTERRUPTED_TAIL_MS]);
    expect(frames.slice(2)).toEqual([
      "answer-interrupted 1",
      "answer-ended 1 interrupted",
      "answer-started 2",
      "answer-audio 2",
    ]);
  });

  it("passes an interruption on after the turn has ended, for what is still playing", () => {
    expect(read(AUDIO, { turnComplete: true }, { interrupted: true }).frames.at(-1)).toBe(
      "answer-interrupted 1",
    );
    expect(read({ interrupted: true }).frames).toEqual([]);
  });

  it("has no end for a turn without an answer", () => {
    expect(read({ turnComplete: true }, { generationComplete: true }).frames).toEqual([]);
  });

  it("tells of audio at another rate and of nothing else in it", () => {
    const { frames, unusable } = read({
      modelTurn: { parts: [{ inlineData: { mimeType: "audio/pcm;rate=48000", data: "AAAA" } }] },
    });
    expect(frames).toEqual([]);
    expect(unusable).toEqual(["audio at 48000 Hz"]);
  });

  it("takes audio without a rate for 24 kHz, and half a sample for none", () => {
    const part = (data: string) => ({
      modelTurn: { parts: [{ inlineData: { mimeType: "audio/pcm", data } }] },
    });
    const { frames } = readContent(NO_ANSWER, part(Buffer.from([1, 0, 255, 255, 9]).toString("base64")), 0);
    expect(frames.at(-1)?.frame).toEqual({ type: "answer-audio", generation: 1, pcm: Int16Array.of(1, -1) });
    expect(read(part("AA==")).frames).toEqual([]);
  });
});
