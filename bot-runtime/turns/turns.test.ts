import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Frame } from "../pipeline/frame.ts";
import { runProcessor } from "../testing/run-processor.ts";
import { TAIL_MS, type TurnStyle } from "./turn-taking.ts";
import { Turns } from "./turns.ts";

function setUp(style: TurnStyle, { waitsForClient = false } = {}) {
  const turns = new Turns({ style, waitsForClient });
  const run = runProcessor(turns, [turns]);
  let heard = 0;
  /** Frames of the microphone, each with its number in all samples. */
  const audio = (count: number) => {
    for (let i = 0; i < count; i += 1) {
      heard += 1;
      run.sendDown({ type: "input-audio", pcm: new Int16Array(320).fill(heard) });
    }
  };
  const ask = (t: string, d: unknown) => {
    run.sendDown({ type: "client-request", id: "1", t, d });
    const response = run.up.at(-1);
    return response?.type === "client-response" ? response.result : undefined;
  };
  const talk = (pressed: boolean) => ask("talk", { pressed });
  return { ...run, turns, audio, ask, talk, story: () => storyOf(run.down) };
}

/** Types of frames; audio by its numbers. */
function storyOf(frames: readonly Frame[]): string[] {
  const story: string[] = [];
  let audio: number[] = [];
  const flush = () => {
    if (audio.length > 0) story.push(`audio ${audio[0]}-${audio.at(-1)}`);
    audio = [];
  };
  for (const frame of frames) {
    if (frame.type === "input-audio") audio.push(frame.pcm[0] ?? 0);
    else {
      flush();
      story.push(frame.type === "turn-mode" ? frame.mode : frame.type);
    }
  }
  flush();
  return story;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("Turns, found by Gemini", () => {
  it("lets everything pass as it is", () => {
    const { audio, sendDown, story } = setUp("gemini");
    audio(3);
    sendDown({ type: "user-speech-onset" });
    sendDown({ type: "user-started-speaking" });
    audio(2);
    sendDown({ type: "user-stopped-speaking" });
    sendDown({ type: "input-audio-paused" });
    expect(story()).toEqual([
      "audio 1-3",
      "user-speech-onset",
      "user-started-speaking",
      "audio 4-5",
      "user-stopped-speaking",
      "input-audio-paused",
    ]);
  });
});

describe("Turns, found here", () => {
  it("send the turn alone, from half a second before its start was told", () => {
    const { audio, sendDown, story } = setUp("local");
    audio(50);
    sendDown({ type: "user-started-speaking" });
    audio(10);
    sendDown({ type: "user-stopped-speaking" });
    audio(50);
    expect(story()).toEqual([
      "manual",
      "turn-started",
      "audio 26-50",
      "user-started-speaking",
      "audio 51-60",
      "user-stopped-speaking",
      "turn-ended",
    ]);
  });

  it("begin only when the client is ready, where the bot greets", () => {
    const { audio, sendDown, story } = setUp("local", { waitsForClient: true });
    sendDown({ type: "user-started-speaking" });
    audio(5);
    sendDown({ type: "user-stopped-speaking" });
    sendDown({ type: "client-ready", version: "2.1.0", first: true });
    sendDown({ type: "user-started-speaking" });
    expect(story()).toEqual([
      "manual",
      "user-started-speaking",
      "user-stopped-speaking",
      "client-ready",
      "turn-started",
      "audio 1-5",
      "user-started-speaking",
    ]);
  });

  it("begin without a ready client when they are told to", () => {
    const { turns, sendDown, story } = setUp("local", { waitsForClient: true });
    turns.open();
    sendDown({ type: "user-started-speaking" });
    expect(story()).toContain("turn-started");
  });
});

describe("Turns, by a button", () => {
  it("send what is said while it is pressed, a little before and a little after", () => {
    const { audio, talk, story } = setUp("push-to-talk");
    audio(50);
    expect(talk(true)).toEqual({ ok: true, d: { pressed: true } });
    audio(10);
    expect(talk(false)).toEqual({ ok: true, d: { pressed: false } });
    audio(2);
    vi.advanceTimersByTime(TAIL_MS);
    audio(50);
    expect(story()).toEqual(["manual", "turn-started", "audio 36-62", "turn-ended"]);
  });

  it("take the tail from the release, whatever is heard in it", () => {
    const { talk, sendDown, story } = setUp("push-to-talk");
    talk(true);
    talk(false);
    vi.advanceTimersByTime(TAIL_MS - 1);
    sendDown({ type: "user-started-speaking" });
    talk(false);
    vi.advanceTimersByTime(1);
    expect(story().at(-1)).toBe("turn-ended");
  });

  it("silence the bot at the press, if it speaks or is about to", () => {
    const { talk, sendUp, down } = setUp("push-to-talk");
    const interrupted = () =>
      down.flatMap((frame) => (frame.type === "answer-interrupted" ? [frame.generation] : []));
    const press = () => {
      talk(true);
      talk(false);
      vi.advanceTimersByTime(TAIL_MS);
      return interrupted();
    };
    expect(press()).toEqual([]);
    sendUp({ type: "answer-started", generation: 1 });
    expect(press()).toEqual([1]);
    sendUp({ type: "answer-ended", generation: 1, interrupted: true });
    expect(press()).toEqual([1]);
    sendUp({ type: "bot-started-speaking", generation: 2 });
    expect(press()).toEqual([1, 2]);
    sendUp({ type: "answer-started", generation: 3 });
    expect(press()).toEqual([1, 2, 3]);
    sendUp({ type: "answer-ended", generation: 3, interrupted: true });
    sendUp({ type: "bot-stopped-speaking", generation: 2, playedMs: 1, interrupted: true });
    expect(press()).toEqual([1, 2, 3]);
  });

  it("keep from the model and from the bot's voice what is said to somebody else", () => {
    const { audio, sendDown, story } = setUp("push-to-talk");
    audio(5);
    sendDown({ type: "user-speech-onset" });
    sendDown({ type: "user-started-speaking" });
    sendDown({ type: "user-stopped-speaking" });
    expect(story()).toEqual(["manual"]);
  });

  it("tell the end of speech whose beginning was told", () => {
    const { talk, sendDown, story } = setUp("push-to-talk");
    talk(true);
    sendDown({ type: "user-started-speaking" });
    talk(false);
    vi.advanceTimersByTime(TAIL_MS);
    sendDown({ type: "user-stopped-speaking" });
    expect(story().slice(-2)).toEqual(["turn-ended", "user-stopped-speaking"]);
  });

  it("end when the microphone is muted, and are not begun by what was said before that", () => {
    const { audio, talk, sendDown, story } = setUp("push-to-talk");
    talk(true);
    audio(1);
    sendDown({ type: "input-audio-paused" });
    audio(2);
    sendDown({ type: "input-audio-paused" });
    audio(1);
    talk(true);
    expect(story()).toEqual([
      "manual",
      "turn-started",
      "audio 1-1",
      "turn-ended",
      "input-audio-paused",
      "input-audio-paused",
      "turn-started",
      "audio 4-4",
    ]);
  });
});

describe("Turns, asked by a client", () => {
  it("change to a button and back, in the middle of a turn too", () => {
    const { ask, talk, story } = setUp("gemini");
    expect(ask("push-to-talk", { active: true })).toEqual({ ok: true, d: { active: true } });
    talk(true);
    expect(ask("push-to-talk", { active: false })).toEqual({ ok: true, d: { active: false } });
    expect(talk(false)).toEqual({ ok: false, error: "Push to talk is off." });
    expect(story()).toEqual(["manual", "turn-started", "turn-ended", "auto"]);
  });

  it("go back to what they were, if that was no button", () => {
    const local = setUp("local");
    local.ask("push-to-talk", { active: true });
    local.ask("push-to-talk", { active: false });
    local.sendDown({ type: "user-started-speaking" });
    expect(local.story()).toEqual(["manual", "turn-started", "user-started-speaking"]);
    const button = setUp("push-to-talk");
    button.ask("push-to-talk", { active: false });
    expect(button.story()).toEqual(["manual", "auto"]);
  });

  it("refuse what they cannot read, and leave other requests to others", () => {
    const { ask, up, down } = setUp("gemini");
    expect(ask("push-to-talk", { active: "yes" })).toMatchObject({ ok: false });
    expect(ask("talk", undefined)).toMatchObject({ ok: false });
    const answers = up.length;
    ask("dance", {});
    expect(up).toHaveLength(answers);
    expect(down.at(-1)).toMatchObject({ type: "client-request", t: "dance" });
  });

  it("leave no timer behind", () => {
    const { talk, stop } = setUp("push-to-talk");
    talk(true);
    talk(false);
    stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
