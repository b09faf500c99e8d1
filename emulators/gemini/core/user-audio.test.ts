import { describe, expect, test } from "vitest";
import { sequence, speechLike, whiteNoise } from "../test-support/signals.ts";
import { MAX_UTTERANCE_MS, type SpeechEvent, UserAudio } from "./user-audio.ts";

const SILENCE_MS = 600;
const listen = () => new UserAudio({ silenceMs: SILENCE_MS });

function utterances(events: SpeechEvent[]) {
  return events.flatMap((event) => (event.kind === "ended" ? event.utterance : []));
}

describe("an utterance", () => {
  const speech = speechLike({ ms: 1_000 });

  test("has 200 ms before its onset and 160 ms after its end, and no more", () => {
    // Too soft to be speech, but there: the consonant before the vowel, the breath after it.
    const soft = whiteNoise({ ms: 1_000, levelDb: -62 });
    const [utterance] = utterances(listen().push(sequence(soft, speech, soft)));
    const pcm = utterance?.pcm ?? new Int16Array(0);
    expect(utterance?.speechMs).toBeGreaterThan(900);
    expect(utterance?.speechMs).toBeLessThanOrEqual(1_020);
    expect(pcm.length / 16 - (utterance?.speechMs ?? 0)).toBeCloseTo(360, 0);
    expect(Buffer.from(sequence(soft, speech, soft).buffer).includes(Buffer.from(pcm.buffer))).toBe(true);
  });

  test("is the same however the stream is cut", () => {
    const stream = sequence(700, speech, 900);
    const whole = listen().push(stream);
    expect(utterances(whole)).toHaveLength(1);
    const user = listen();
    const events: SpeechEvent[] = [];
    for (let at = 0, length = 1; at < stream.length; at += length, length = ((length * 7) % 997) + 1) {
      events.push(...user.push(stream.subarray(at, at + length)));
    }
    expect(events).toEqual(whole);
  });

  test("that begins with the stream has what there is before it", () => {
    const [utterance] = utterances(listen().push(sequence(60, speech, 900)));
    expect(utterance?.pcm.length).toBeLessThanOrEqual((60 + 1_000 + 160) * 16);
    expect(utterance?.pcm.length).toBeGreaterThan(1_000 * 16);
  });

  test("knows nothing of the one before", () => {
    const user = listen();
    const both = utterances(user.push(sequence(500, speech, 700, speechLike({ ms: 500, seed: 2 }), 700)));
    expect(both).toHaveLength(2);
    expect(both[1]?.pcm.length).toBeLessThanOrEqual((200 + 520 + 160) * 16);
  });

  test("of any length is kept for 15 s, and counted in whole", () => {
    const [utterance] = utterances(listen().push(sequence(500, speechLike({ ms: 30_000 }), 700)));
    expect(utterance?.pcm.length).toBeGreaterThan((MAX_UTTERANCE_MS - 100) * 16);
    expect(utterance?.pcm.length).toBeLessThanOrEqual((MAX_UTTERANCE_MS + 40) * 16);
    expect(utterance?.speechMs).toBeGreaterThan(29_800);
  });

  test("ends where the stream does", () => {
    const user = listen();
    expect(user.push(sequence(500, speech)).map(({ kind }) => kind)).toEqual(["started"]);
    expect(user.speaking).toBe(true);
    expect(user.end()?.kind).toBe("ended");
    expect(user.end()).toBeUndefined();
  });
});

describe("without automatic detection", () => {
  test("is exactly what came between begin and finish", () => {
    const user = new UserAudio("manual");
    expect(user.push(sequence(speechLike({ ms: 1_000 })))).toEqual([]);
    expect(user.finish()).toBeUndefined();
    const said = whiteNoise({ ms: 400 });
    expect(user.begin()).toMatchObject({ kind: "started" });
    expect(user.begin()).toBeUndefined();
    user.push(said);
    expect(user.end()).toBeUndefined();
    expect(user.finish()).toMatchObject({ kind: "ended", utterance: { pcm: said, speechMs: 400 } });
    user.push(said);
    expect(user.finish()).toBeUndefined();
  });
});
