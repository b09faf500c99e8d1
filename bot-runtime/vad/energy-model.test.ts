import { describe, expect, it } from "vitest";
import { frames, mix, noise, silence, tone, voice } from "../testing/sounds.ts";
import { isSpeaking, nextActivity, QUIET, type VoiceActivity } from "./activity.ts";
import { EnergyModel, levelDb } from "./energy-model.ts";
import { ENERGY_PARAMS } from "./presets.ts";

/** When speech started and stopped, in ms since the first frame. */
function detect(sound: Int16Array[]): { startedAt: number[]; stoppedAt: number[] } {
  const model = new EnergyModel();
  const found = { startedAt: [] as number[], stoppedAt: [] as number[] };
  let state: VoiceActivity = QUIET;
  for (const [index, pcm] of sound.entries()) {
    const next = nextActivity(state, { probability: model.probability(pcm), ms: 20 }, ENERGY_PARAMS);
    if (!isSpeaking(state) && isSpeaking(next)) found.startedAt.push((index + 1) * 20);
    if (isSpeaking(state) && !isSpeaking(next)) found.stoppedAt.push((index + 1) * 20);
    state = next;
  }
  return found;
}

describe("EnergyModel", () => {
  it("hears a voice in a silent room within 300 ms, and its end within 300 ms", () => {
    const { startedAt, stoppedAt } = detect([
      ...frames(1_000, silence),
      ...frames(2_000, voice(0.2)),
      ...frames(1_000, silence),
    ]);
    expect(startedAt).toHaveLength(1);
    expect(startedAt[0]).toBeGreaterThan(1_000);
    expect(startedAt[0]).toBeLessThanOrEqual(1_300);
    expect(stoppedAt[0]).toBeGreaterThanOrEqual(3_000);
    expect(stoppedAt[0]).toBeLessThanOrEqual(3_300);
  });

  it("hears a voice 20 dB above steady noise, once the noise is known", () => {
    const hiss = noise(0.02);
    const { startedAt } = detect([...frames(2_000, hiss), ...frames(2_000, mix(voice(0.25), hiss))]);
    const voiceStarts = startedAt.filter((at) => at > 2_000);
    expect(voiceStarts[0]).toBeLessThanOrEqual(2_400);
  });

  it("hears a call that begins with a word", () => {
    expect(detect(frames(1_000, voice(0.2))).startedAt[0]).toBeLessThanOrEqual(300);
  });

  it.each([
    ["digital silence", silence],
    ["faint hiss", noise(0.003)],
    ["faint hum", tone(50, 0.003)],
  ])("is not woken by %s", (_name, sound) => {
    expect(detect(frames(10_000, sound)).startedAt).toEqual([]);
  });

  it("forgets loud steady noise within 2 s and never takes it for speech again", () => {
    const { stoppedAt, startedAt } = detect([...frames(1_000, silence), ...frames(20_000, noise(0.1))]);
    expect(startedAt.length).toBeLessThanOrEqual(1);
    expect(stoppedAt.every((at) => at <= 3_200)).toBe(true);
  });

  it("does not get used to a long speech without pauses", () => {
    const { startedAt, stoppedAt } = detect([...frames(500, silence), ...frames(15_000, voice(0.2))]);
    expect(startedAt).toHaveLength(1);
    expect(stoppedAt).toEqual([]);
  });
});

describe("levelDb", () => {
  it("measures a full-scale sine as -3 dB and bounds silence", () => {
    expect(levelDb(frames(20, tone(1_000, 1))[0] ?? new Int16Array())).toBeCloseTo(-3, 1);
    expect(levelDb(new Int16Array(320))).toBe(-120);
    expect(levelDb(new Int16Array(0))).toBe(-120);
  });
});
