import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runProcessor, typesOf } from "../testing/run-processor.ts";
import type { SpeechModel } from "../vad/speech-model.ts";
import { RoomInput } from "./room-input.ts";

/** Takes a frame's first sample for its probability in percent. */
class ScriptedModel implements SpeechModel {
  resets = 0;
  probability(pcm: Int16Array): number {
    return (pcm[0] ?? 0) / 100;
  }
  reset(): void {
    this.resets += 1;
  }
}

const SPEECH = Int16Array.from({ length: 320 }, () => 95);
const QUIET = new Int16Array(320);

function times(count: number, run: () => void): void {
  for (let i = 0; i < count; i += 1) run();
}

describe("RoomInput", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("passes all audio on and says when speech starts and stops", () => {
    const input = new RoomInput(new ScriptedModel());
    const { down } = runProcessor(input);
    times(10, () => input.audio(SPEECH));
    times(10, () => input.audio(QUIET));
    const types = typesOf(down);
    expect(types.filter((type) => type === "input-audio")).toHaveLength(20);
    // The tenth frame makes 200 ms of speech: its start comes just before it, and after one onset.
    expect(types.indexOf("user-started-speaking")).toBe(10);
    expect(types.indexOf("user-stopped-speaking")).toBe(21);
  });

  it("tells of the onset 60 ms into the sound, once, and again for the next sound", () => {
    const input = new RoomInput(new ScriptedModel());
    const { down } = runProcessor(input);
    const onsets = () => typesOf(down).filter((type) => type === "user-speech-onset").length;
    times(2, () => input.audio(SPEECH));
    expect(onsets()).toBe(0);
    input.audio(SPEECH);
    expect(typesOf(down).slice(2)).toEqual(["user-speech-onset", "input-audio"]);
    times(20, () => input.audio(SPEECH));
    times(9, () => input.audio(QUIET));
    times(9, () => input.audio(SPEECH));
    expect(onsets()).toBe(1);
    times(10, () => input.audio(QUIET));
    times(3, () => input.audio(SPEECH));
    expect(onsets()).toBe(2);
    expect(typesOf(down).filter((type) => type === "user-started-speaking")).toHaveLength(1);
  });

  it("ends speech when a muted microphone sends nothing for a second", () => {
    const model = new ScriptedModel();
    const input = new RoomInput(model);
    const { down } = runProcessor(input);
    times(15, () => input.audio(SPEECH));
    vi.advanceTimersByTime(999);
    expect(typesOf(down)).not.toContain("user-stopped-speaking");
    vi.advanceTimersByTime(1);
    expect(typesOf(down).slice(-2)).toEqual(["user-stopped-speaking", "input-audio-paused"]);
    expect(model.resets).toBe(1);
  });

  it("tells of each pause once, also of one in silence", () => {
    const input = new RoomInput(new ScriptedModel());
    const { down } = runProcessor(input);
    const pauses = () => typesOf(down).filter((type) => type === "input-audio-paused").length;
    vi.advanceTimersByTime(5_000);
    expect(pauses()).toBe(0);
    input.audio(QUIET);
    vi.advanceTimersByTime(5_000);
    expect(pauses()).toBe(1);
    input.audio(QUIET);
    vi.advanceTimersByTime(1_000);
    expect(pauses()).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("waits that second from the last frame, not from the first", () => {
    const input = new RoomInput(new ScriptedModel());
    const { down } = runProcessor(input);
    times(10, () => input.audio(SPEECH));
    times(5, () => {
      vi.advanceTimersByTime(900);
      input.audio(SPEECH);
    });
    expect(typesOf(down)).not.toContain("user-stopped-speaking");
  });

  it("hands on app messages with their sender", () => {
    const input = new RoomInput(new ScriptedModel());
    const { down } = runProcessor(input);
    input.appMessage({ a: 1 }, "client-1");
    expect(down).toEqual([{ type: "app-message", data: { a: 1 }, fromId: "client-1" }]);
  });

  it("leaves no timer behind and takes nothing more after stop", () => {
    const input = new RoomInput(new ScriptedModel());
    const { down, stop } = runProcessor(input);
    times(15, () => input.audio(SPEECH));
    stop();
    const count = down.length;
    input.audio(SPEECH);
    expect(down).toHaveLength(count);
    expect(vi.getTimerCount()).toBe(0);
  });
});
