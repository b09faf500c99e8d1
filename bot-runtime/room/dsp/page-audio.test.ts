import { beforeEach, describe, expect, it } from "vitest";
import { BatchReader, BatchWriter, FrameKind, type Position } from "../bridge/audio-frames.ts";
import { PageAudio } from "./page-audio.ts";
import { decibels, levelAt, tone, toS16 } from "./signals.ts";

interface Sent {
  call: number;
  kind: FrameKind;
  generation: number;
  seq: number;
  samples: Int16Array | undefined;
  position: Position | undefined;
}

const SLOTS = 3;
let batches: Sent[][];
let audio: PageAudio;

beforeEach(() => {
  batches = [];
  audio = new PageAudio({ slots: SLOTS, send: (batch) => batches.push(parse(batch)) });
});

function parse(batch: ArrayBuffer): Sent[] {
  const length = new DataView(batch).getUint32(0, true);
  const reader = new BatchReader(new Uint8Array(batch, 4, length));
  const sent: Sent[] = [];
  while (reader.next()) {
    const { call, kind, generation, seq } = reader;
    const samples = kind === FrameKind.input ? new Int16Array(reader.samples) : undefined;
    if (samples) reader.readAudio(samples);
    const position = { playedGeneration: 0, playedSamples: 0, consumedSamples: 0, framesLost: 0 };
    if (!samples) reader.readPosition(position);
    sent.push({ call, kind, generation, seq, samples, position: samples ? undefined : position });
  }
  expect(reader.malformed).toBe(false);
  return sent;
}

/** Runs render quanta; `far` gives what each slot hears. Returns what each slot plays. */
function run(quanta: number, quantum: number, far: (slot: number, at: number) => Float32Array | undefined) {
  const played = Array.from({ length: SLOTS }, () => new Float32Array(quanta * quantum));
  for (let index = 0; index < quanta; index++) {
    const inputs = Array.from({ length: SLOTS }, (_, slot) => {
      const input = far(slot, index * quantum);
      return input ? [input] : [];
    });
    const outputs = Array.from({ length: SLOTS }, () => [new Float32Array(quantum)]);
    audio.process(inputs, outputs, quantum);
    outputs.forEach(([output], slot) => {
      if (output) played[slot]?.set(output, index * quantum);
    });
  }
  return played;
}

function toPage(fill: (writer: BatchWriter) => void): void {
  const writer = new BatchWriter(new ArrayBuffer(100_000));
  fill(writer);
  audio.receive(writer.take().buffer);
}

function inputOf(call: number): Float32Array {
  const samples = batches
    .flat()
    .flatMap((frame) => (frame.call === call && frame.samples ? [...frame.samples] : []));
  return Float32Array.from(samples, (sample) => sample / 32_768);
}

describe.each([128, 480])("with a render quantum of %i", (quantum) => {
  const second = 48_000 / quantum;

  it("carries each call's sound both ways and mixes up none", () => {
    audio.open(0, 11, quantum);
    audio.open(2, 12, quantum);
    audio.setCapturing(0, true);
    audio.setCapturing(2, true);
    toPage((writer) => {
      for (const [call, hz] of [
        [11, 440],
        [12, 1_320],
      ] as const) {
        const speech = toS16(tone({ hz, sampleRate: 24_000, samples: 24_000 }));
        for (let seq = 0; seq < 10; seq++) {
          const samples = speech.subarray(seq * 2_400, (seq + 1) * 2_400);
          writer.audio({ call, kind: FrameKind.play, generation: 1, seq }, samples);
        }
      }
    });
    const far = [
      tone({ hz: 600, sampleRate: 48_000, samples: 48_000 }),
      undefined,
      tone({ hz: 900, sampleRate: 48_000, samples: 48_000 }),
    ];
    const played = run(second, quantum, (slot, at) => far[slot]?.subarray(at, at + quantum));
    const level = (samples: Float32Array | undefined, hz: number, rate: number) =>
      decibels(levelAt((samples ?? new Float32Array(1)).subarray(rate / 4, (rate * 3) / 4), hz, rate) / 0.5);
    expect(Math.abs(level(played[0], 440, 48_000))).toBeLessThan(0.1);
    expect(level(played[0], 1_320, 48_000)).toBeLessThan(-60);
    expect(Math.abs(level(played[2], 1_320, 48_000))).toBeLessThan(0.1);
    expect(played[1]).toEqual(new Float32Array(played[1]?.length ?? 0));
    expect(Math.abs(level(inputOf(11), 600, 16_000))).toBeLessThan(0.1);
    expect(level(inputOf(11), 900, 16_000)).toBeLessThan(-60);
    expect(Math.abs(level(inputOf(12), 900, 16_000))).toBeLessThan(0.1);
  });

  it("sends fifty batches a second while a call is open, and none otherwise", () => {
    run(second, quantum, () => undefined);
    expect(batches).toHaveLength(0);
    audio.open(0, 1, quantum);
    run(second, quantum, () => undefined);
    expect(batches).toHaveLength(50);
    expect(batches.flat()).toEqual([]);
    audio.close(0);
    run(second, quantum, () => undefined);
    expect(batches).toHaveLength(50);
  });

  it("sends a frame in the moment in which it is whole, whenever its call began", () => {
    audio.open(0, 1, quantum);
    for (const slot of [0, 1, 2]) {
      if (slot > 0) audio.open(slot, slot + 1, quantum);
      audio.setCapturing(slot, true);
      // Not a multiple of a batch, so that each begins at another place in it.
      run(Math.ceil(1_000 / quantum), quantum, () => undefined);
    }
    run(second, quantum, () => undefined);
    batches = [];
    let said = 0;
    for (let index = 0; index < second; index++) {
      const before = batches.length;
      run(1, quantum, () => new Float32Array(quantum).fill(index / second));
      for (const { samples } of batches.slice(before).flat()) {
        if (!samples) continue;
        said += 1;
        // The filter's delay is 88 samples, and a quantum's lag is what cannot be avoided.
        const newest = (samples.at(-1) ?? 0) / 32_768;
        expect((index / second - newest) * 48_000).toBeLessThan(quantum + 88 + 6);
      }
    }
    expect(said).toBe(150);
  });

  it("numbers the frames of a call without a gap, at fifty a second", () => {
    audio.open(0, 1, quantum);
    audio.setCapturing(0, true);
    toPage((writer) =>
      writer.audio({ call: 1, kind: FrameKind.play, generation: 1, seq: 0 }, new Int16Array(2_400)),
    );
    run(second, quantum, () => undefined);
    const frames = batches.flat();
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index));
    // Up to a batch passes before the first.
    expect(frames.filter(({ kind }) => kind === FrameKind.input)).toHaveLength(49);
    expect(frames.filter(({ kind }) => kind === FrameKind.started)).toHaveLength(1);
    const drained = frames.find(({ kind }) => kind === FrameKind.drained);
    expect(drained?.position).toEqual({
      playedGeneration: 1,
      playedSamples: 2_400,
      consumedSamples: 2_400,
      framesLost: 0,
    });
  });
});

it("makes silence of a far end that is not connected, so that a listener hears a mute", () => {
  audio.open(0, 1, 480);
  audio.setCapturing(0, true);
  run(12, 480, () => undefined);
  expect(inputOf(1)).toEqual(new Float32Array(5 * 320));
});

it("reports frames that Node says it sent and that never came", () => {
  audio.open(0, 1, 480);
  toPage((writer) => {
    writer.audio({ call: 1, kind: FrameKind.play, generation: 1, seq: 0 }, new Int16Array(480));
    writer.audio({ call: 1, kind: FrameKind.play, generation: 1, seq: 3 }, new Int16Array(480));
  });
  run(10, 480, () => undefined);
  expect(batches.flat().at(-1)?.position?.framesLost).toBe(2);
});

it("obeys pause, resume and flush of the right call only", () => {
  audio.open(0, 1, 480);
  audio.open(1, 2, 480);
  const speech = new Int16Array(4_800).fill(10_000);
  toPage((writer) => {
    for (const call of [1, 2]) {
      for (const seq of [0, 1])
        writer.audio({ call, kind: FrameKind.play, generation: 1, seq }, speech.subarray(0, 2_400));
    }
    writer.mark({ call: 1, kind: FrameKind.pause, generation: 0, seq: 2 });
  });
  const paused = run(4, 480, () => undefined);
  expect(Math.max(...(paused[0] ?? []))).toBe(0);
  expect(Math.max(...(paused[1] ?? []))).toBeGreaterThan(0.25);
  toPage((writer) => {
    writer.mark({ call: 1, kind: FrameKind.resume, generation: 0, seq: 3 });
    writer.mark({ call: 2, kind: FrameKind.flush, generation: 1, seq: 2 });
  });
  run(2, 480, () => undefined);
  const after = run(4, 480, () => undefined);
  expect(Math.max(...(after[0] ?? []))).toBeGreaterThan(0.25);
  expect(Math.max(...(after[1] ?? []).map(Math.abs))).toBe(0);
});

it("ignores frames of a call that is gone, also when its slot has another", () => {
  audio.open(0, 1, 480);
  audio.close(0);
  audio.open(0, 2, 480);
  toPage((writer) =>
    writer.audio({ call: 1, kind: FrameKind.play, generation: 1, seq: 0 }, new Int16Array(2_400).fill(9_999)),
  );
  const [played] = run(4, 480, () => undefined);
  expect(Math.max(...(played ?? []))).toBe(0);
});

it("does not choke on garbage", () => {
  audio.open(0, 1, 480);
  audio.receive(new ArrayBuffer(7));
  audio.receive(new Uint8Array(64).fill(255).buffer);
  expect(() => run(4, 480, () => undefined)).not.toThrow();
});

it("refuses slots that are taken or do not exist, and quanta that it cannot work with", () => {
  audio.open(0, 1, 480);
  expect(() => audio.open(0, 2, 480)).toThrow(RangeError);
  expect(() => audio.open(SLOTS, 2, 480)).toThrow(RangeError);
  expect(() => audio.open(1, 2, 127)).toThrow(RangeError);
  expect(() => audio.open(1, 2, 4_096)).toThrow(RangeError);
});
