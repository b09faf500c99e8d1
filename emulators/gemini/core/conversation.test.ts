import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { clips, HELLO, runs, startSession, summarise, TONE, TRANSCRIBED } from "../test-support/session.ts";
import { sequence, speechLike, whiteNoise } from "../test-support/signals.ts";
import { AUDIO_IDLE_MS } from "./hearing.ts";

/** From the end of the user's turn to the first sound, as a rule. */
const THINKING_MS = 200;

/** The pieces of the input transcription. */
function heardIn(said: ReturnType<typeof startSession>["said"]) {
  return said.flatMap(({ message }) =>
    "serverContent" in message ? (message.serverContent.inputTranscription ?? []) : [],
  );
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("an answer", () => {
  test("comes four times as fast as it plays, and is over when it would have been heard", () => {
    const { setUp, tell, said } = startSession({ answer: TONE });
    setUp();
    tell(HELLO);
    vi.runAllTimers();
    const events = said
      .slice(1)
      .map(({ atMs, message }) => ({ atMs: atMs - THINKING_MS, is: summarise(message).join(" ") }));
    expect(events.at(0)).toEqual({ atMs: 0, is: "sound" });
    const generated = events.findIndex(({ is }) => is === "sound generationComplete");
    expect(events.slice(0, generated).every(({ is }) => is === "sound")).toBe(true);
    expect(events[generated]?.atMs).toBeGreaterThan(400);
    expect(events[generated]?.atMs).toBeLessThanOrEqual(500);
    expect(events.slice(generated + 1)).toEqual([{ atMs: 2_000, is: "turnComplete" }]);
  });

  test("is 24 kHz sound in whole, with its usage in the frame of turnComplete", () => {
    const { setUp, tell, said, session } = startSession({ answer: TONE });
    setUp({ systemInstruction: { parts: [{ text: "x".repeat(40) }] } });
    tell({ clientContent: { turns: [{ parts: [{ text: "Hello there." }] }], turnComplete: true } });
    vi.runAllTimers();
    expect(session.sent.bytes()).toHaveLength(2 * 48_000);
    expect(said.at(-1)?.message).toEqual({
      serverContent: {
        turnComplete: true,
        turnCompleteReason: "NEED_MORE_INPUT",
        interactionStatus: "IDLE",
      },
      usageMetadata: {
        promptTokenCount: 13,
        responseTokenCount: 50,
        totalTokenCount: 63,
        promptTokensDetails: [
          { modality: "TEXT", tokenCount: 13 },
          { modality: "AUDIO", tokenCount: 0 },
        ],
        responseTokensDetails: [{ modality: "AUDIO", tokenCount: 50 }],
      },
    });
    expect(said[1]?.message).toMatchObject({
      serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: "audio/pcm;rate=24000" } }] } },
    });
  });

  test("is not given to context alone: the server waits for more", () => {
    const { setUp, tell, summary } = startSession();
    setUp();
    tell({ clientContent: { turns: [{ parts: [{ text: "For later." }] }] } });
    vi.runAllTimers();
    expect(summary()).toEqual(["setupComplete", "waitingForInput"]);
  });

  test("gives way to context, which is not answered", () => {
    const { setUp, tell, summary } = startSession({ answer: TONE });
    setUp();
    tell(HELLO);
    vi.advanceTimersByTime(THINKING_MS + 100);
    tell({ clientContent: { turns: [{ parts: [{ text: "For later." }] }] } });
    vi.runAllTimers();
    expect(runs(summary())).toEqual([
      "setupComplete",
      ...["sound", "interrupted", "turnComplete"],
      "waitingForInput",
    ]);
  });

  test("gives way to a new text", () => {
    const { setUp, tell, summary, session } = startSession({ answer: TONE });
    setUp();
    tell(HELLO);
    vi.advanceTimersByTime(THINKING_MS + 100);
    tell(HELLO);
    vi.runAllTimers();
    expect(runs(summary())).toEqual([
      "setupComplete",
      ...["sound", "interrupted", "turnComplete"],
      ...["sound", "generationComplete", "turnComplete"],
    ]);
    expect(session.view()).toMatchObject({ turns: 2, interruptions: 1 });
  });
});

describe("the demo voice", () => {
  test("greets in the session's language when spoken to by text, with its words as transcription", () => {
    const { setUp, tell, said } = startSession();
    setUp({ inputAudioTranscription: { languageCodes: ["fr-FR"] }, outputAudioTranscription: {} });
    tell(HELLO);
    vi.runAllTimers();
    const words = said.flatMap(({ message }) =>
      "serverContent" in message ? (message.serverContent.outputTranscription?.text ?? []) : [],
    );
    expect(words.join("")).toBe(clips["fr-FR"].greeting.text);
    expect(words.length).toBeGreaterThan(5);
  });

  test("repeats the user after a pause, and says how long they spoke, not what", () => {
    const { setUp, speak, said, summary, session } = startSession();
    setUp(TRANSCRIBED);
    speak(sequence(500, speechLike({ ms: 1_500 }), 700));
    const [first] = said.slice(1);
    // speech ends at 2.0 s, its end is certain 600 ms later
    expect(first?.atMs).toBeGreaterThan(2_500);
    expect(first?.atMs).toBeLessThan(2_660);
    vi.runAllTimers();
    expect(heardIn(said)).toEqual([
      { text: expect.stringMatching(/^\(1\.[45]$/), languageCode: "en-US" },
      { text: " s", languageCode: "en-US" },
      { text: " of", languageCode: "en-US" },
      { text: " speech)", languageCode: "en-US", finished: true },
    ]);
    const answer = said.find(({ message }) => summarise(message).includes("sound"));
    expect(summarise(answer?.message ?? { setupComplete: {} })).toEqual(["outputTranscription", "sound"]);
    expect(answer?.atMs).toBe((first?.atMs ?? 0) + THINKING_MS);
    expect(summary().at(-1)).toBe("turnComplete");
    const expected = clips["en-US"].leadIn.pcm.length / 24 + 150 + 1_500;
    expect(session.sent.durationMs).toBeGreaterThan(expected);
    expect(session.sent.durationMs).toBeLessThan(expected + 400);
  });

  test("repeats the user's own sound, at its level", () => {
    const { setUp, speak, session } = startSession();
    setUp();
    speak(sequence(500, speechLike({ ms: 1_500, levelDb: -18 }), 700));
    vi.runAllTimers();
    const bytes = session.sent.bytes();
    const sent = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
    const echo = sent.slice(clips["en-US"].leadIn.pcm.length + 0.15 * 24_000);
    const rms = Math.sqrt(echo.reduce((sum, sample) => sum + sample * sample, 0) / echo.length) / 32_768;
    expect(20 * Math.log10(rms)).toBeGreaterThan(-22);
    expect(20 * Math.log10(rms)).toBeLessThan(-17);
  });

  test("repeats no more than 15 s", () => {
    const { setUp, speak, said, session } = startSession();
    setUp(TRANSCRIBED);
    speak(sequence(500, speechLike({ ms: 20_000 }), 700));
    vi.runAllTimers();
    expect(session.sent.durationMs).toBeLessThan(clips["en-US"].leadIn.pcm.length / 24 + 150 + 15_100);
    const text = heardIn(said).map((heard) => heard.text);
    expect(text.join("")).toMatch(/^\((19\.9|20\.0) s of speech\)$/);
  });

  test("says nothing to a noisy room", () => {
    const { setUp, speak, said } = startSession();
    setUp(TRANSCRIBED);
    speak(whiteNoise({ ms: 10_000, levelDb: -35 }));
    vi.runAllTimers();
    expect(said).toHaveLength(1);
  });
});

describe("transcriptions", () => {
  test("are sent only where the setup asks for them", () => {
    const { setUp, tell, speak, summary } = startSession();
    setUp();
    tell(HELLO);
    vi.runAllTimers();
    speak(sequence(500, speechLike({ ms: 800 }), 700));
    vi.runAllTimers();
    expect(new Set(summary())).toEqual(
      new Set(["setupComplete", "sound", "generationComplete", "turnComplete"]),
    );
  });
});

describe("the end of speech", () => {
  test("takes as long a pause as the setup says", () => {
    const { setUp, speak, said } = startSession();
    setUp({
      ...TRANSCRIBED,
      realtimeInputConfig: { automaticActivityDetection: { silenceDurationMs: 200 } },
    });
    speak(sequence(500, speechLike({ ms: 500 }), 300));
    expect(summarise(said[1]?.message ?? { setupComplete: {} })).toEqual(["inputTranscription"]);
    expect(said[1]?.atMs).toBeLessThan(1_260);
  });

  test("is also where the client ends the stream", () => {
    const { setUp, speak, tell, summary } = startSession();
    setUp(TRANSCRIBED);
    speak(sequence(500, speechLike({ ms: 500 })));
    tell({ realtimeInput: { audioStreamEnd: true } });
    expect(summary()).toEqual(["setupComplete", "inputTranscription"]);
  });

  test("is also where sound stops coming", () => {
    const { setUp, speak, summary } = startSession();
    setUp(TRANSCRIBED);
    speak(sequence(500, speechLike({ ms: 500 })));
    vi.advanceTimersByTime(AUDIO_IDLE_MS - 1);
    expect(summary()).toEqual(["setupComplete"]);
    vi.advanceTimersByTime(1);
    expect(summary()).toEqual(["setupComplete", "inputTranscription"]);
  });

  test("is where the client says, without automatic detection", () => {
    const { setUp, speak, tell, summary, session } = startSession();
    setUp({ ...TRANSCRIBED, realtimeInputConfig: { automaticActivityDetection: { disabled: true } } });
    speak(speechLike({ ms: 1_000 }));
    expect(summary()).toEqual(["setupComplete"]);
    tell({ realtimeInput: { activityStart: {} } });
    speak(speechLike({ ms: 1_000 }));
    speak(sequence(2_000));
    tell({ realtimeInput: { activityEnd: {} } });
    expect(summary()).toEqual(["setupComplete", "inputTranscription"]);
    vi.runAllTimers();
    expect(session.sent.durationMs).toBeCloseTo(clips["en-US"].leadIn.pcm.length / 24 + 150 + 3_000, 0);
  });

  test.each(["activityStart", "activityEnd"])("may not be said by %s with automatic detection", (field) => {
    const { setUp, tell, closes } = startSession();
    setUp();
    tell({ realtimeInput: { [field]: {} } });
    expect(closes).toEqual([{ code: 1007, reason: expect.stringMatching(/^Request contains an invalid/) }]);
  });
});

test("a second of the user's sound costs 25 tokens", () => {
  const { setUp, speak, tell, said } = startSession({ answer: TONE });
  setUp();
  speak(sequence(4_000));
  tell({ clientContent: { turnComplete: true } });
  vi.runAllTimers();
  expect(said.at(-1)?.message).toMatchObject({ usageMetadata: { promptTokenCount: 100 } });
});

describe("interruption", () => {
  const answering = (setup: object = {}) => {
    const run = startSession({ answer: { ...TONE, durationMs: 10_000 } });
    run.setUp(setup);
    run.speak(sequence(500));
    run.tell(HELLO);
    vi.advanceTimersByTime(THINKING_MS + 300);
    return run;
  };

  test("in the middle of an answer: interrupted, turnComplete, and not a sound more", () => {
    const { speak, summary, said } = answering();
    speak(speechLike({ ms: 200 }));
    vi.advanceTimersByTime(AUDIO_IDLE_MS - 1);
    expect(runs(summary())).toEqual(["setupComplete", "sound", "interrupted", "turnComplete"]);
    const interrupted = said.find(({ message }) => summarise(message).includes("interrupted"));
    const lateMs = (interrupted?.atMs ?? 0) - (500 + THINKING_MS + 300);
    expect(lateMs).toBeGreaterThanOrEqual(60);
    expect(lateMs).toBeLessThanOrEqual(120);
  });

  test("bills what was sent of the answer, not what was planned", () => {
    const { speak, said, session } = answering();
    speak(speechLike({ ms: 200 }));
    const { message } = said.at(-1) ?? {};
    expect(message).toMatchObject({
      usageMetadata: { responseTokenCount: Math.round(session.sent.durationMs * 0.025) },
    });
    expect(session.sent.durationMs).toBeLessThan(3_000);
  });

  test("after all was sent but not yet heard: interrupted all the same, so that the client stops playing", () => {
    const { speak, summary } = answering();
    vi.advanceTimersByTime(3_000);
    speak(speechLike({ ms: 200 }));
    expect(runs(summary())).toEqual([
      "setupComplete",
      "sound",
      "generationComplete",
      "interrupted",
      "turnComplete",
    ]);
  });

  test("is followed by the answer to what interrupted", () => {
    const { speak, summary, session } = answering();
    speak(sequence(speechLike({ ms: 800 }), 700));
    vi.runAllTimers();
    expect(runs(summary()).slice(3)).toEqual(["turnComplete", "sound", "generationComplete", "turnComplete"]);
    expect(session.view()).toMatchObject({ turns: 2, interruptions: 1 });
  });

  test("does not happen by noise that sets in", () => {
    const { speak, summary } = answering();
    speak(whiteNoise({ ms: 3_000 }));
    expect(summary()).not.toContain("interrupted");
  });

  test("in the moment before the answer: it is not given", () => {
    const { setUp, tell, speak, summary } = startSession({ answer: TONE });
    setUp();
    speak(sequence(500));
    tell(HELLO);
    speak(speechLike({ ms: 160 }));
    vi.advanceTimersByTime(500);
    expect(summary()).toEqual(["setupComplete", "interrupted", "turnComplete"]);
  });

  test("does not happen where the setup forbids it: the answer to what was said comes next", () => {
    const { speak, summary } = answering({
      realtimeInputConfig: { activityHandling: "NO_INTERRUPTION" },
    });
    speak(sequence(speechLike({ ms: 800 }), 700));
    vi.runAllTimers();
    expect(runs(summary())).toEqual([
      "setupComplete",
      ...["sound", "generationComplete", "turnComplete"],
      ...["sound", "generationComplete", "turnComplete"],
    ]);
  });
});
