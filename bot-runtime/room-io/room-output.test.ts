import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RoomError } from "../room/room.ts";
import { FakeRoom } from "../testing/fake-room.ts";
import { runProcessor, typesOf } from "../testing/run-processor.ts";
import { HOLD_MS, REST_MS, RoomOutput } from "./room-output.ts";

const PCM = new Int16Array(4_800);
const NO_EVENTS = {
  audio() {},
  participantJoined() {},
  participantLeft() {},
  appMessage() {},
  playout() {},
  ended() {},
};

function setUp() {
  const lost: string[] = [];
  const output = new RoomOutput({ messageLost: (type) => lost.push(type) });
  const room = new FakeRoom({ sessionId: "s", url: "u", token: "t", userName: "n" }, NO_EVENTS, "ok");
  output.attach(room);
  const run = runProcessor(output);
  const answer = (generation: number) => run.sendDown({ type: "answer-audio", generation, pcm: PCM });
  const userSpeaks = () => run.sendDown({ type: "user-speech-onset" });
  const interrupt = (generation: number) => run.sendDown({ type: "answer-interrupted", generation });
  return { ...run, output, room, lost, answer, userSpeaks, interrupt };
}

describe("RoomOutput", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("plays an answer's audio under its generation", () => {
    const { room, answer } = setUp();
    answer(3);
    expect(room.calls).toEqual([{ method: "play", args: [PCM, 3] }]);
  });

  it("holds the voice at the user's first sounds and goes on when Gemini heard no interruption", () => {
    const { room, answer, userSpeaks } = setUp();
    answer(1);
    userSpeaks();
    expect(room.methods).toEqual(["play", "pause"]);
    vi.advanceTimersByTime(HOLD_MS - 1);
    expect(room.methods).toEqual(["play", "pause"]);
    vi.advanceTimersByTime(1);
    expect(room.methods).toEqual(["play", "pause", "resume"]);
  });

  it("plays on what arrives while it holds, so that a cough deletes nothing", () => {
    const { room, answer, userSpeaks } = setUp();
    answer(1);
    userSpeaks();
    answer(1);
    vi.advanceTimersByTime(HOLD_MS);
    expect(room.methods).toEqual(["play", "pause", "play", "resume"]);
  });

  it("turns the hold into a flush when Gemini says interrupted, and does not resume later", () => {
    const { room, answer, userSpeaks, interrupt } = setUp();
    answer(1);
    userSpeaks();
    interrupt(1);
    vi.advanceTimersByTime(10_000);
    expect(room.methods).toEqual(["play", "pause", "flush"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is not held longer by more sounds, nor by the start of speech that follows them", () => {
    const { room, answer, userSpeaks, sendDown } = setUp();
    answer(1);
    userSpeaks();
    vi.advanceTimersByTime(140);
    sendDown({ type: "user-started-speaking" });
    userSpeaks();
    vi.advanceTimersByTime(HOLD_MS - 140);
    expect(room.methods).toEqual(["play", "pause", "resume"]);
  });

  it("lets noise hold an answer for a fifth of its time at most", () => {
    const { room, answer, userSpeaks } = setUp();
    answer(1);
    userSpeaks();
    vi.advanceTimersByTime(HOLD_MS);
    userSpeaks();
    vi.advanceTimersByTime(REST_MS - 1);
    userSpeaks();
    expect(room.methods).toEqual(["play", "pause", "resume"]);
    vi.advanceTimersByTime(1);
    userSpeaks();
    expect(room.methods).toEqual(["play", "pause", "resume", "pause"]);
  });

  it("holds the next answer at once after an interruption, even if a hold was in vain before", () => {
    const { room, answer, userSpeaks, interrupt } = setUp();
    answer(1);
    userSpeaks();
    vi.advanceTimersByTime(HOLD_MS);
    interrupt(1);
    answer(2);
    userSpeaks();
    expect(room.methods).toEqual(["play", "pause", "resume", "flush", "play", "pause"]);
  });

  it("holds nothing between Gemini's word and the room's, so that the next answer is not late", () => {
    const { room, answer, userSpeaks, interrupt } = setUp();
    answer(1);
    interrupt(1);
    userSpeaks();
    expect(room.methods).toEqual(["play", "flush"]);
  });

  it("flushes an interruption that the local detector did not hear", () => {
    const { room, answer, interrupt } = setUp();
    answer(1);
    interrupt(1);
    expect(room.calls.at(-1)).toEqual({ method: "flush", args: [1] });
  });

  it("does not hold when the bot is silent", () => {
    const { room, output, answer, userSpeaks, sendDown } = setUp();
    userSpeaks();
    answer(1);
    output.playout({ kind: "started", generation: 1 });
    sendDown({ type: "answer-ended", generation: 1, interrupted: false });
    output.playout({ kind: "drained", generation: 1, playedMs: 200 });
    userSpeaks();
    expect(room.methods).toEqual(["play"]);
  });

  it("drops the late audio of a cancelled answer, before and after the flush, and plays the next", () => {
    const { room, output, answer, interrupt } = setUp();
    answer(1);
    interrupt(1);
    answer(1);
    output.playout({ kind: "flushed", generation: 1, playedMs: 40 });
    answer(1);
    answer(2);
    const played = room.calls.flatMap((call) => (call.method === "play" ? [call.args[1]] : []));
    expect(played).toEqual([1, 2]);
  });

  it("tells what the far end hears", () => {
    const { output, down, answer, sendDown } = setUp();
    answer(1);
    output.playout({ kind: "started", generation: 1 });
    sendDown({ type: "answer-generated", generation: 1 });
    output.playout({ kind: "drained", generation: 1, playedMs: 200 });
    expect(down.slice(1)).toEqual([
      { type: "bot-started-speaking", generation: 1 },
      { type: "answer-generated", generation: 1 },
      { type: "bot-stopped-speaking", generation: 1, playedMs: 200, interrupted: false },
    ]);
  });

  it("tells how far an answer was heard", () => {
    const { output, down, answer } = setUp();
    answer(1);
    output.playout({ kind: "started", generation: 1 });
    output.playout({ kind: "progress", generation: 1, playedMs: 200 });
    expect(down.at(-1)).toEqual({ type: "bot-heard", generation: 1, playedMs: 200 });
  });

  it("leaves out the audio of the next answer when it is only to be read, and of no other", () => {
    const { room, down, answer, sendDown } = setUp();
    sendDown({ type: "answer-started", generation: 1 });
    sendDown({ type: "next-answer-silent" });
    answer(1);
    sendDown({ type: "answer-ended", generation: 1, interrupted: false });
    for (const generation of [2, 3]) {
      sendDown({ type: "answer-started", generation });
      answer(generation);
      sendDown({ type: "answer-ended", generation, interrupted: false });
    }
    const played = room.calls.flatMap((call) => (call.method === "play" ? [call.args[1]] : []));
    expect(played).toEqual([1, 3]);
    expect(down.flatMap((frame) => (frame.type === "answer-audio" ? [frame.generation] : []))).toEqual([
      1, 3,
    ]);
  });

  it("says that the bot stopped when an answer starves for 3 s", () => {
    const { output, down, answer } = setUp();
    answer(1);
    output.playout({ kind: "started", generation: 1 });
    output.playout({ kind: "drained", generation: 1, playedMs: 200 });
    vi.advanceTimersByTime(2_999);
    expect(typesOf(down)).not.toContain("bot-stopped-speaking");
    vi.advanceTimersByTime(1);
    expect(typesOf(down).at(-1)).toBe("bot-stopped-speaking");
  });

  it("plays on what comes of an answer after it had starved for so long", () => {
    const { room, output, down, answer, userSpeaks, sendDown } = setUp();
    answer(1);
    output.playout({ kind: "started", generation: 1 });
    output.playout({ kind: "drained", generation: 1, playedMs: 200 });
    vi.advanceTimersByTime(3_000);
    userSpeaks();
    answer(1);
    userSpeaks();
    expect(room.methods).toEqual(["play", "play", "pause"]);
    output.playout({ kind: "started", generation: 1 });
    sendDown({ type: "answer-generated", generation: 1 });
    output.playout({ kind: "drained", generation: 1, playedMs: 400 });
    expect(typesOf(down).filter((type) => type.startsWith("bot-"))).toEqual([
      "bot-started-speaking",
      "bot-stopped-speaking",
      "bot-started-speaking",
      "bot-stopped-speaking",
    ]);
  });

  it("sends app messages to the room, and they end there", () => {
    const { room, down, sendDown } = setUp();
    sendDown({ type: "app-message-out", data: { a: 1 } });
    expect(room.messages).toEqual([{ a: 1 }]);
    expect(down).toEqual([]);
  });

  it("tells of a message that the room refuses, or that comes before there is a room", () => {
    const { room, lost, sendDown } = setUp();
    room.sendAppMessage = () => {
      throw new RoomError("closed", "closed");
    };
    sendDown({ type: "app-message-out", data: {} });
    const early: string[] = [];
    runProcessor(new RoomOutput({ messageLost: (type) => early.push(type) })).sendDown({
      type: "app-message-out",
      data: {},
    });
    expect(lost).toEqual(["closed"]);
    expect(early).toEqual(["no-room"]);
  });

  it("leaves no timer behind, and the room alone, after stop", () => {
    const { room, output, answer, userSpeaks, stop } = setUp();
    answer(1);
    output.playout({ kind: "started", generation: 1 });
    output.playout({ kind: "drained", generation: 1, playedMs: 200 });
    userSpeaks();
    stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(room.methods).toEqual(["play", "pause"]);
    output.playout({ kind: "drained", generation: 1, playedMs: 200 });
    expect(vi.getTimerCount()).toBe(0);
  });
});
