import { describe, expect, it } from "vitest";
import {
  isLikelySpeaking,
  isSpeaking,
  nextActivity,
  PIPECAT_VAD,
  QUIET,
  type VoiceActivity,
} from "./voice-activity.ts";

/** Runs frames of 20 ms given as a string: `#` is speech, `.` is not. */
function run(frames: string, from: VoiceActivity = QUIET): VoiceActivity[] {
  let state = from;
  return [...frames].map((frame) => {
    state = nextActivity(state, { probability: frame === "#" ? 0.9 : 0.1, ms: 20 }, PIPECAT_VAD);
    return state;
  });
}

describe("nextActivity", () => {
  it("starts after 200 ms of speech, not before", () => {
    const states = run("##########");
    expect(states.slice(0, 9).every(({ kind }) => kind === "STARTING")).toBe(true);
    expect(states[9]).toEqual({ kind: "SPEAKING" });
  });

  it("sounds like speech from 60 ms on, until it stops", () => {
    expect(run("##.###").map(isLikelySpeaking)).toEqual([false, false, false, false, false, true]);
    expect(run("####.").map(isLikelySpeaking)).toEqual([false, false, true, true, false]);
    const spoken = run(`${"#".repeat(10)}${".".repeat(10)}`).map(isLikelySpeaking);
    expect(spoken.slice(2, 19).every(Boolean)).toBe(true);
    expect(spoken[19]).toBe(false);
  });

  it("takes a click for nothing, and counts from the beginning after it", () => {
    const states = run("#########.#########");
    expect(states.some(isSpeaking)).toBe(false);
  });

  it("stops after 200 ms of silence and keeps speaking over shorter gaps", () => {
    const speaking: VoiceActivity = { kind: "SPEAKING" };
    expect(run(".........#", speaking).every(isSpeaking)).toBe(true);
    expect(run("..........", speaking).at(-1)).toEqual(QUIET);
  });

  it("counts a frame at the confidence itself as speech", () => {
    const params = { confidence: 0.7, startMs: 20, stopMs: 20 };
    expect(nextActivity(QUIET, { probability: 0.7, ms: 20 }, params)).toEqual({ kind: "SPEAKING" });
    expect(nextActivity(QUIET, { probability: 0.69, ms: 20 }, params)).toEqual(QUIET);
  });
});
