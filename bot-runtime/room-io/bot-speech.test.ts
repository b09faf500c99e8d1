import { describe, expect, it } from "vitest";
import type { SpeakingFrame } from "../pipeline/frame.ts";
import { type BotSpeechEvent, isAnswering, nextSpeech, SILENT } from "./bot-speech.ts";

function run(...events: BotSpeechEvent[]) {
  let speech = SILENT;
  const said: SpeakingFrame[] = [];
  for (const event of events) {
    const next = nextSpeech(speech, event);
    speech = next.speech;
    said.push(...next.said);
  }
  return { speech, said: said.map(describeFrame) };
}

function describeFrame(frame: SpeakingFrame): string {
  if (frame.type === "bot-started-speaking") return `started ${frame.generation}`;
  if (frame.type === "bot-heard") return `heard ${frame.playedMs} of ${frame.generation}`;
  return `stopped ${frame.generation} after ${frame.playedMs}${frame.interrupted ? " interrupted" : ""}`;
}

const queued = (generation: number): BotSpeechEvent => ({ kind: "queued", generation });
const complete = (generation: number): BotSpeechEvent => ({ kind: "complete", generation });
const started = (generation: number): BotSpeechEvent => ({ kind: "started", generation });
const progress = (generation: number, playedMs: number): BotSpeechEvent => ({
  kind: "progress",
  generation,
  playedMs,
});
const drained = (generation: number, playedMs: number): BotSpeechEvent => ({
  kind: "drained",
  generation,
  playedMs,
});
const flushed = (generation: number, playedMs: number): BotSpeechEvent => ({
  kind: "flushed",
  generation,
  playedMs,
});

describe("nextSpeech", () => {
  it("says started at the first sound and stopped at the last", () => {
    expect(run(queued(1), started(1), complete(1), drained(1, 800)).said).toEqual([
      "started 1",
      "stopped 1 after 800",
    ]);
  });

  it("says how far the voice is while it is heard, and of no other", () => {
    const { said } = run(
      queued(1),
      progress(1, 20),
      started(1),
      progress(1, 200),
      progress(2, 200),
      flushed(1, 340),
      progress(1, 400),
    );
    expect(said).toEqual(["started 1", "heard 200 of 1", "stopped 1 after 340 interrupted"]);
  });

  it("takes a gap within an answer for a pause, not for its end", () => {
    const { said } = run(
      queued(1),
      started(1),
      drained(1, 200),
      queued(1),
      started(1),
      complete(1),
      drained(1, 900),
    );
    expect(said).toEqual(["started 1", "stopped 1 after 900"]);
  });

  it("ends with the answer when its last word is that no more comes", () => {
    expect(run(queued(1), started(1), drained(1, 200), complete(1)).said).toEqual([
      "started 1",
      "stopped 1 after 200",
    ]);
  });

  it("gives up on an answer that starves", () => {
    const { said, speech } = run(queued(1), started(1), drained(1, 200), { kind: "starved-out" });
    expect(said).toEqual(["started 1", "stopped 1 after 200"]);
    expect(isAnswering(speech)).toBe(false);
  });

  it("says that a flushed answer was interrupted, once", () => {
    const { said } = run(queued(1), started(1), flushed(1, 340), drained(1, 340), complete(1));
    expect(said).toEqual(["started 1", "stopped 1 after 340 interrupted"]);
  });

  it("says nothing of an answer that was flushed before it was heard", () => {
    const { said, speech } = run(queued(1), flushed(1, 0));
    expect(said).toEqual([]);
    expect(isAnswering(speech)).toBe(false);
  });

  it("goes on with an answer that had starved out", () => {
    const { said, speech } = run(
      queued(1),
      started(1),
      drained(1, 200),
      { kind: "starved-out" },
      queued(1),
      started(1),
    );
    expect(said).toEqual(["started 1", "stopped 1 after 200", "started 1"]);
    expect(isAnswering(speech)).toBe(true);
  });

  it("says that a cancelled answer has stopped when the room has flushed it", () => {
    const cancelled = run(queued(1), started(1), { kind: "cancelled", generation: 1 });
    expect(cancelled.said).toEqual(["started 1"]);
    expect(isAnswering(cancelled.speech)).toBe(false);
    expect(nextSpeech(cancelled.speech, flushed(1, 90)).said.map(describeFrame)).toEqual([
      "stopped 1 after 90 interrupted",
    ]);
  });

  it("ends the answer before when the next one begins", () => {
    expect(run(queued(1), started(1), drained(1, 500), started(2)).said).toEqual([
      "started 1",
      "stopped 1 after 500",
      "started 2",
    ]);
  });

  it("is not stopped by a late word about an older answer", () => {
    const { said } = run(
      queued(1),
      started(1),
      flushed(1, 100),
      queued(2),
      started(2),
      drained(1, 100),
      flushed(1, 100),
    );
    expect(said).toEqual(["started 1", "stopped 1 after 100 interrupted", "started 2"]);
  });

  it("knows that an answer is under way from its first audio to its end", () => {
    expect(isAnswering(SILENT)).toBe(false);
    expect(isAnswering(run(queued(1)).speech)).toBe(true);
    expect(isAnswering(run(queued(1), started(1), drained(1, 20)).speech)).toBe(true);
    expect(isAnswering(run(queued(1), started(1), complete(1), drained(1, 20)).speech)).toBe(false);
  });
});
