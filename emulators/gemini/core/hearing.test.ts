import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startSession, TRANSCRIBED, VERTEX } from "../test-support/session.ts";
import { VERTEX_PREFIX } from "../test-support/setups.ts";
import { sequence, speechLike } from "../test-support/signals.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const SPEECH = sequence(500, speechLike({ ms: 1_500 }), 700);

function transcriptions(run: ReturnType<typeof startSession>) {
  return run.said.flatMap(({ message }) => {
    if (!("serverContent" in message)) return [];
    const { inputTranscription, interimInputTranscription } = message.serverContent;
    return [inputTranscription ?? [], interimInputTranscription ?? []].flat();
  });
}

describe("the transcription of the user", () => {
  test("comes in pieces, each of which has a message of its own, and only the last says that it is", () => {
    const run = startSession();
    run.setUp(TRANSCRIBED);
    run.speak(SPEECH);
    vi.runAllTimers();
    const pieces = transcriptions(run);
    expect(pieces.map(({ text }) => text).slice(1)).toEqual([" s", " of", " speech)"]);
    expect(pieces.map(({ finished }) => finished)).toEqual([undefined, undefined, undefined, true]);
  });

  test("loses nothing when the user says more before it is out", () => {
    const run = startSession();
    run.setUp({
      ...TRANSCRIBED,
      realtimeInputConfig: { automaticActivityDetection: { disabled: true } },
    });
    for (let i = 0; i < 2; i++) {
      run.tell({ realtimeInput: { activityStart: {} } });
      run.tell({ realtimeInput: { activityEnd: {} } });
    }
    vi.runAllTimers();
    expect(
      transcriptions(run)
        .map(({ text }) => text)
        .join(""),
    ).toBe("(0.0 s of speech)(0.0 s of speech)");
  });

  test("is not sent any more when the client has gone", () => {
    const run = startSession();
    run.setUp(TRANSCRIBED);
    run.speak(sequence(500, speechLike({ ms: 1_500 })));
    run.tell({ realtimeInput: { audioStreamEnd: true } });
    run.session.gone();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("has interim versions while the user speaks, where the setup wants their timestamps", () => {
    const run = startSession();
    run.setUp({ ...TRANSCRIBED, realtimeInputConfig: { interimTranscriptTimestampEnabled: true } });
    run.speak(SPEECH);
    const interim = transcriptions(run).filter(({ startOffset }) => startOffset !== undefined);
    expect(interim.map(({ text }) => text)).toEqual([
      "(0.5 s of speech)",
      "(1.0 s of speech)",
      "(1.5 s of speech)",
    ]);
    for (const { startOffset, endOffset } of interim) {
      expect(startOffset).toMatch(/^0\.5\d\ds$|^0\.500s$/);
      expect(endOffset).toMatch(/^\d(\.\d{3})?s$/);
    }
    run.session.gone();
  });
});

describe("voice activity", () => {
  const activity = (setup: object) => {
    const run = startSession({ door: VERTEX, model: `${VERTEX_PREFIX}gemini-3.8-live` });
    run.setUp(setup);
    run.speak(SPEECH);
    run.session.gone();
    return run.said.flatMap(({ message }) => ("voiceActivity" in message ? [message.voiceActivity] : []));
  };

  test("is told on Vertex where the setup asks for it, in the time of the sound", () => {
    expect(activity({ explicitVadSignal: true })).toEqual([
      { type: "ACTIVITY_START", audioOffset: expect.stringMatching(/^0\.5(\d\d)?s$/) },
      { type: "ACTIVITY_END", audioOffset: expect.stringMatching(/^(1\.9\d*|2(\.0\d*)?)s$/) },
    ]);
  });

  test("is not told elsewhere", () => {
    expect(activity({})).toEqual([]);
  });
});
