import { describe, expect, it } from "vitest";
import { seededRandom } from "../dsp/signals.ts";
import {
  BatchReader,
  BatchWriter,
  FrameKind,
  HEADER_BYTES,
  type Position,
  SequenceCheck,
} from "./audio-frames.ts";

const POSITION: Position = {
  playedGeneration: 7,
  playedSamples: 4_000_000_000,
  consumedSamples: 1,
  framesLost: 2,
};

function emptyPosition(): Position {
  return { playedGeneration: 0, playedSamples: 0, consumedSamples: 0, framesLost: 0 };
}

describe("a batch", () => {
  it("gives back the frames that were written, in order", () => {
    const writer = new BatchWriter(new ArrayBuffer(1_000));
    const samples = Int16Array.of(1, -1, 32_767, -32_768);
    expect(writer.audio({ call: 1, kind: FrameKind.play, generation: 5, seq: 0 }, samples)).toBe(true);
    expect(
      writer.mark({ call: 0xffff, kind: FrameKind.flush, generation: 0xffffffff, seq: 0xffffffff }),
    ).toBe(true);
    expect(writer.position({ call: 2, kind: FrameKind.drained, generation: 7, seq: 9 }, POSITION)).toBe(true);

    const reader = new BatchReader(writer.take());
    expect(reader.next()).toBe(true);
    expect(reader).toMatchObject({ call: 1, kind: FrameKind.play, generation: 5, seq: 0, samples: 4 });
    const read = new Int16Array(4);
    reader.readAudio(read);
    expect(read).toEqual(samples);
    expect(reader.next()).toBe(true);
    expect(reader).toMatchObject({
      call: 0xffff,
      kind: FrameKind.flush,
      generation: 0xffffffff,
      seq: 0xffffffff,
      samples: 0,
    });
    expect(reader.next()).toBe(true);
    const position = emptyPosition();
    reader.readPosition(position);
    expect(position).toEqual(POSITION);
    expect(reader.next()).toBe(false);
    expect(reader.malformed).toBe(false);
  });

  it("can be empty", () => {
    const reader = new BatchReader(new ArrayBuffer(0));
    expect(reader.next()).toBe(false);
    expect(reader.malformed).toBe(false);
  });

  it("takes no frame that does not fit, and stays whole", () => {
    const writer = new BatchWriter(new ArrayBuffer(HEADER_BYTES + 8));
    const header = { call: 1, kind: FrameKind.play, generation: 1, seq: 0 };
    expect(writer.audio(header, new Int16Array(5))).toBe(false);
    expect(writer.length).toBe(0);
    expect(writer.audio(header, new Int16Array(4))).toBe(true);
    expect(writer.mark(header)).toBe(false);
    expect(writer.take()).toHaveLength(HEADER_BYTES + 8);
    expect(writer.mark(header)).toBe(true);
  });

  it("leaves its reserved bytes alone", () => {
    const buffer = new ArrayBuffer(100);
    const writer = new BatchWriter(buffer, 4);
    writer.mark({ call: 0xffff, kind: FrameKind.pause, generation: 0, seq: 0 });
    expect(new Uint8Array(buffer, 0, 4)).toEqual(new Uint8Array(4));
    expect(new BatchReader(new Uint8Array(buffer, 4, writer.length)).next()).toBe(true);
  });

  it("is read at any offset: Node hands out pieces of larger buffers", () => {
    const writer = new BatchWriter(new ArrayBuffer(100));
    writer.audio({ call: 3, kind: FrameKind.input, generation: 0, seq: 1 }, Int16Array.of(77));
    const odd = new Uint8Array(101);
    const batch = writer.take();
    odd.set(batch, 1);
    const reader = new BatchReader(odd.subarray(1, 1 + batch.length));
    expect(reader.next()).toBe(true);
    const read = new Int16Array(1);
    reader.readAudio(read);
    expect(read[0]).toBe(77);
  });
});

describe("garbage", () => {
  function frame(change: (view: DataView) => void, payload = 16): Uint8Array {
    const bytes = new Uint8Array(HEADER_BYTES + payload);
    const view = new DataView(bytes.buffer);
    view.setUint8(2, FrameKind.drained);
    view.setUint32(12, payload, true);
    change(view);
    return bytes;
  }

  /** 16 bytes of audio that say they are this many. */
  function input(payloadBytes: number): Uint8Array {
    return frame((view) => {
      view.setUint8(2, FrameKind.input);
      view.setUint32(12, payloadBytes, true);
    });
  }

  it.each<[string, Uint8Array]>([
    ["a header cut short", new Uint8Array(HEADER_BYTES - 1)],
    ["an unknown kind", frame((view) => view.setUint8(2, 99))],
    ["a payload longer than the message", input(18)],
    ["a payload as long as can be said", input(0xfffffffe)],
    ["half a sample", input(15)],
    ["a position cut short", frame(() => {}, 12)],
    ["bytes after the last frame", new Uint8Array([...frame(() => {}), 1])],
  ])("%s is malformed", (_, bytes) => {
    const reader = new BatchReader(bytes);
    while (reader.next());
    expect(reader.malformed).toBe(true);
    expect(reader.next()).toBe(false);
  });

  it("never throws and always ends", () => {
    const random = seededRandom(3);
    for (let round = 0; round < 2_000; round++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 200) }, () => random() * 256);
      // Half of them get far enough to be read.
      if (round % 2 === 0 && bytes.length > HEADER_BYTES) {
        bytes[2] = FrameKind.input;
        bytes.fill(0, 13, 16);
      }
      const reader = new BatchReader(bytes);
      let frames = 0;
      while (reader.next()) {
        frames++;
        reader.readAudio(new Int16Array(reader.samples));
      }
      expect(frames).toBeLessThanOrEqual(bytes.length / HEADER_BYTES);
    }
  });
});

describe("SequenceCheck", () => {
  it("counts what is missing", () => {
    const check = new SequenceCheck();
    for (const seq of [0, 1, 4, 5, 7]) check.saw(seq);
    expect(check.lost).toBe(3);
  });

  it("counts what is missing at the start", () => {
    const check = new SequenceCheck();
    check.saw(2);
    expect(check.lost).toBe(2);
  });
});
