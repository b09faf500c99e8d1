import { describe, expect, it } from "vitest";
import { frames, noise, silence, voice } from "../testing/sounds.ts";
import { VAD_PRESETS } from "./presets.ts";
import type { SpeechModelEvents } from "./speech-model.ts";
import { VoiceDetector, type VoiceEvents } from "./voice-detector.ts";

/** A model whose judgements are given by hand, one window at a time, as long after the audio as a test likes. */
class ScriptedModel {
  readonly calls: string[] = [];
  #events: SpeechModelEvents | undefined;
  #endsAtMs = 0;

  readonly open = (events: SpeechModelEvents) => {
    this.#events = events;
    const note = (call: string) => () => void this.calls.push(call);
    return { hear: () => {}, refresh: note("refresh"), pause: note("pause"), close: note("close") };
  };

  available(isAvailable = true): void {
    this.#events?.available(isAvailable);
  }

  /** Told of audio that the detector may have had long ago, or never: only their order matters to it. */
  says(...probabilities: number[]): void {
    const samples = Float32Array.from({ length: 512 }, (_, n) => 0.1 * Math.sin((2 * Math.PI * n) / 16));
    for (const probability of probabilities) {
      this.#endsAtMs += 32;
      this.#events?.heard({ probability, samples, endsAtMs: this.#endsAtMs });
    }
  }
}

/** Six of these are a start to either preset. */
const SPEECH = (windows: number) => Array.from({ length: windows }, () => 0.88);
const NONE = (windows: number) => Array.from({ length: windows }, () => 0.01);

function setUp({ preset = "measured" }: { preset?: keyof typeof VAD_PRESETS } = {}) {
  const model = new ScriptedModel();
  const told: string[] = [];
  const events: VoiceEvents = {
    onset: () => told.push("onset"),
    started: ({ beganAtMs, atMs }) => told.push(`started ${beganAtMs} ${atMs}`),
    stopped: ({ atMs }) => told.push(`stopped ${atMs}`),
  };
  const detector = new VoiceDetector({ params: VAD_PRESETS[preset], openModel: model.open, events });
  const hears = (ms: number, sample: Parameters<typeof frames>[1]) => {
    for (const pcm of frames(ms, sample)) detector.audio(pcm);
  };
  return { model, detector, told, hears };
}

describe("VoiceDetector with its model", () => {
  it("tells starts and stops by the model's word alone, with their times", () => {
    const { model, told } = setUp();
    model.available();
    model.says(...NONE(10), ...SPEECH(6));
    expect(told).toEqual(["onset", "started 320 512"]);
    model.says(...NONE(6));
    expect(told.slice(2)).toEqual(["stopped 704"]);
  });

  it("does not take what is merely loud for speech", () => {
    const { model, told, hears } = setUp();
    model.available();
    hears(1_000, silence);
    hears(1_000, noise(0.3));
    model.says(...NONE(62));
    expect(told).toEqual(["onset"]);
  });

  it("tells of an onset with the model's first window of speech, where loudness knows nothing", () => {
    const { model, told, hears } = setUp();
    model.available();
    hears(1_000, silence);
    model.says(...NONE(30), 0.65);
    expect(told).toEqual([]);
    model.says(0.66);
    expect(told).toEqual(["onset"]);
    hears(300, silence);
    model.says(...NONE(9), 0.66);
    expect(told).toEqual(["onset", "onset"]);
  });

  it("tells of one in a noise that is as loud, and that it told of when it began", () => {
    const { model, told, hears } = setUp();
    model.available();
    hears(400, silence);
    hears(360, noise(0.3));
    expect(told).toEqual(["onset"]);
    model.says(...NONE(22), 0.66);
    expect(told).toEqual(["onset", "onset"]);
  });

  it("tells of one sound once, whichever of the two hears it later", () => {
    const { model, told, hears } = setUp();
    model.available();
    hears(400, silence);
    hears(200, voice(0.3));
    model.says(...NONE(14), ...SPEECH(4));
    expect(told).toEqual(["onset"]);
    model.says(...SPEECH(2));
    hears(400, silence);
    hears(400, voice(0.3));
    expect(told).toEqual(["onset", "started 448 640"]);
  });

  it("tells of an onset with 60 ms of loud sound, before the model's word", () => {
    const { model, told, hears } = setUp();
    model.available();
    hears(400, silence);
    hears(40, voice(0.3));
    expect(told).toEqual([]);
    hears(20, noise(0.3));
    expect(told).toEqual(["onset"]);
    model.says(...NONE(11), ...SPEECH(6));
    expect(told).toEqual(["onset", "started 352 544"]);
  });

  it("clears the model's memory every 5 s of quiet, but not within speech", () => {
    const { model } = setUp();
    model.available();
    model.says(...NONE(156));
    expect(model.calls).toEqual([]);
    model.says(...NONE(1));
    expect(model.calls).toEqual(["refresh"]);
    model.says(...NONE(155), 0.9);
    expect(model.calls).toHaveLength(1);
    model.says(...SPEECH(300), ...NONE(5));
    expect(model.calls).toHaveLength(1);
    model.says(...NONE(1));
    expect(model.calls).toEqual(["refresh", "refresh"]);
  });

  it("stops when the audio pauses, were it in the middle of a word, and forgets it", () => {
    const { model, detector, told } = setUp();
    model.available();
    model.says(...SPEECH(20));
    detector.pause();
    expect(told.slice(-1)).toEqual(["stopped 0"]);
    expect(model.calls).toEqual(["pause"]);
    detector.pause();
    expect(told).toHaveLength(3);
    model.says(...SPEECH(5));
    expect(told.slice(3)).toEqual(["onset"]);
  });

  it("hears as Pipecat does with that preset: its volume has to rise first", () => {
    const { model, told } = setUp({ preset: "pipecat" });
    model.available();
    // The sixth window is the first to be loud enough, the eleventh the sixth of speech.
    model.says(...SPEECH(5));
    expect(told).toEqual([]);
    model.says(...SPEECH(5));
    expect(told).toEqual(["onset"]);
    model.says(0.9);
    expect(told.slice(1)).toEqual(["started 160 352"]);
  });
});

describe("VoiceDetector without its model", () => {
  it("goes by loudness until the model is there, and when there is none", () => {
    const { told, hears } = setUp();
    hears(400, silence);
    hears(400, voice(0.3));
    hears(400, silence);
    expect(told).toEqual(["onset", "started 400 600", expect.stringMatching(/^stopped (9|10)\d\d$/)]);
  });

  it("hands what was told over to the model, which ends it", () => {
    const { model, told, hears } = setUp();
    hears(400, silence);
    hears(400, voice(0.3));
    model.available();
    model.says(...SPEECH(3));
    expect(told).toEqual(["onset", "started 400 600"]);
    model.says(...NONE(6));
    expect(told.slice(2)).toEqual(["stopped 288"]);
  });

  it("hands it back when the model is lost: speech goes on, and loudness ends it", () => {
    const { model, told, hears } = setUp();
    hears(200, silence);
    model.available();
    model.says(...SPEECH(6));
    model.available(false);
    expect(told).toEqual(["onset", "started 0 192"]);
    hears(180, silence);
    expect(told).toHaveLength(2);
    hears(20, silence);
    expect(told.slice(2)).toEqual(["stopped 400"]);
  });

  it("closes its model", () => {
    const { model, detector } = setUp();
    detector.close();
    expect(model.calls).toEqual(["close"]);
  });
});
