import { describe, expect, test } from "vitest";
import { LANGUAGE_TAGS } from "../../../protocol/languages.ts";
import { loadClips } from "../clips/clips.ts";
import { brownNoise, hum, mix, sequence, speechLike, whiteNoise } from "../test-support/signals.ts";
import { durationMs, INPUT_RATE_HZ, OUTPUT_RATE_HZ } from "./pcm.ts";
import { resample } from "./resampler.ts";
import { FRAME_SAMPLES, SpeechDetector } from "./speech-detector.ts";

/** A detector's events, with the time at which each was noticed and the time it speaks of. */
function detect(signal: Int16Array, silenceMs = 600) {
  const detector = new SpeechDetector({ silenceMs });
  const events: { kind: "started" | "ended"; noticedMs: number; atMs: number }[] = [];
  for (let at = 0; at + FRAME_SAMPLES <= signal.length; at += FRAME_SAMPLES) {
    const event = detector.process(signal.subarray(at, at + FRAME_SAMPLES));
    if (event) {
      const noticedMs = durationMs(at + FRAME_SAMPLES, INPUT_RATE_HZ);
      events.push({ kind: event.kind, noticedMs, atMs: durationMs(event.atSample, INPUT_RATE_HZ) });
    }
  }
  return events;
}

const clips = loadClips();
const spoken = (language: (typeof LANGUAGE_TAGS)[number]) =>
  resample(clips[language].greeting.pcm, OUTPUT_RATE_HZ, INPUT_RATE_HZ);

describe("SpeechDetector hears", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("speech within 120 ms of its onset, and its end (seed %d)", (seed) => {
    const events = detect(sequence(1000, speechLike({ ms: 1500, seed }), 1000));
    expect(events.map(({ kind }) => kind)).toEqual(["started", "ended"]);
    expect(events[0]?.noticedMs).toBeGreaterThanOrEqual(1060);
    expect(events[0]?.noticedMs).toBeLessThanOrEqual(1120);
    expect(events[1]?.atMs).toBeGreaterThan(2380);
    expect(events[1]?.atMs).toBeLessThanOrEqual(2520);
    expect((events[1]?.noticedMs ?? 0) - (events[1]?.atMs ?? 0)).toBe(600);
  });

  test.each(LANGUAGE_TAGS)("a synthesised voice in %s, in a quiet room", (language) => {
    const voice = spoken(language);
    const room = whiteNoise({ ms: 8000, levelDb: -60 });
    const events = detect(mix(room, sequence(1000, voice)));
    expect(events.map(({ kind }) => kind)).toEqual(["started", "ended"]);
    expect(events[0]?.noticedMs).toBeLessThanOrEqual(1120);
    expect(Math.abs((events[1]?.atMs ?? 0) - (1000 + durationMs(voice.length, INPUT_RATE_HZ)))).toBeLessThan(
      150,
    );
  });

  test.each(LANGUAGE_TAGS)("a synthesised voice in %s, over noise 15 dB below it", (language) => {
    const noise = whiteNoise({ ms: 8000, levelDb: -37 });
    const events = detect(mix(noise, sequence(1000, spoken(language))));
    expect(events[0]?.kind).toBe("started");
    expect(events[0]?.noticedMs).toBeGreaterThan(1000);
    expect(events[0]?.noticedMs).toBeLessThanOrEqual(1250);
    expect(events.at(-1)?.kind).toBe("ended");
  });

  test("speech that begins with the stream", () => {
    const [started] = detect(sequence(speechLike({ ms: 1500 }), 1000));
    expect(started?.kind).toBe("started");
    expect(started?.noticedMs).toBeLessThanOrEqual(400);
  });

  test("each of two utterances", () => {
    const signal = sequence(500, speechLike({ ms: 900 }), 900, speechLike({ ms: 900, seed: 2 }), 900);
    expect(detect(signal).map(({ kind }) => kind)).toEqual(["started", "ended", "started", "ended"]);
  });

  test("one utterance where the pause is shorter than the silence that ends it", () => {
    const signal = sequence(500, speechLike({ ms: 900 }), 400, speechLike({ ms: 900, seed: 2 }), 900);
    expect(detect(signal, 600)).toHaveLength(2);
    expect(detect(signal, 300)).toHaveLength(4);
  });

  test("low speech at -40 dBFS, but not a murmur at -60", () => {
    expect(detect(sequence(500, speechLike({ ms: 1000, levelDb: -40 }), 1000))).toHaveLength(2);
    expect(detect(sequence(500, speechLike({ ms: 1000, levelDb: -60 }), 1000))).toEqual([]);
  });
});

describe("SpeechDetector ignores", () => {
  const minute = 60_000;

  test.each([
    ["digital silence", sequence(minute)],
    ["white noise", whiteNoise({ ms: minute })],
    ["loud white noise", whiteNoise({ ms: minute, levelDb: -15 })],
    ["mains hum", hum({ ms: minute, levelDb: -20 })],
    ["a rumble", brownNoise({ ms: minute, levelDb: -25 })],
  ])("%s from the start", (_, signal) => {
    expect(detect(signal)).toEqual([]);
  });

  test.each([
    ["white noise", whiteNoise({ ms: 10_000 })],
    ["loud white noise", whiteNoise({ ms: 10_000, levelDb: -15 })],
    ["mains hum", hum({ ms: 10_000, levelDb: -20 })],
  ])("%s that sets in after silence", (_, signal) => {
    expect(detect(sequence(1010, signal))).toEqual([]);
  });

  test("key clicks", () => {
    const click = whiteNoise({ ms: 15, levelDb: -12 });
    expect(detect(sequence(...Array.from({ length: 40 }, () => [click, 180]).flat()))).toEqual([]);
  });

  test("that the noise which set in during speech goes on after it", () => {
    const noise = whiteNoise({ ms: 5000, levelDb: -34 });
    const events = detect(sequence(1000, speechLike({ ms: 500 }), mix(noise, speechLike({ ms: 1000 }))));
    expect(events.map(({ kind }) => kind)).toEqual(["started", "ended"]);
  });
});

test("flush ends what is being said, once", () => {
  const detector = new SpeechDetector({ silenceMs: 600 });
  const signal = sequence(200, speechLike({ ms: 600 }));
  for (let at = 0; at + FRAME_SAMPLES <= signal.length; at += FRAME_SAMPLES) {
    detector.process(signal.subarray(at, at + FRAME_SAMPLES));
  }
  expect(detector.speaking).toBe(true);
  expect(detector.flush()).toMatchObject({ kind: "ended" });
  expect(detector.speaking).toBe(false);
  expect(detector.flush()).toBeUndefined();
});
