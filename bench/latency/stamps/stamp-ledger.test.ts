import { beforeEach, expect, test } from "vitest";
import { encodePcm } from "../../../bot-runtime/gemini/pcm.ts";
import { BatchWriter, FrameKind } from "../../../bot-runtime/room/bridge/audio-frames.ts";
import { noStamps, StampLedger } from "./stamp-ledger.ts";

const FRAME_BYTES = 640;
const END_OF_TURN = JSON.stringify({ serverContent: { turnComplete: true } }, undefined, 2);
const connection = {};
let ledger: StampLedger;
beforeEach(() => {
  ledger = new StampLedger();
});

/** Sound that is like no other. */
function sound(samples: number, seed: number, level = 8_000): Int16Array {
  return Int16Array.from(
    { length: samples },
    (_, index) => level * Math.sin(index * (0.1 + seed / 50) + seed),
  );
}

function batch(kind: FrameKind, ...payloads: Int16Array[]): Uint8Array {
  const writer = new BatchWriter(new ArrayBuffer(65_536));
  for (const [index, payload] of payloads.entries()) {
    writer.audio({ call: index + 1, kind, generation: 1, seq: 0 }, payload);
  }
  return writer.take();
}

function toGemini(...frames: Int16Array[]): string {
  const whole = Int16Array.from(frames.flatMap((frame) => [...frame]));
  return JSON.stringify({
    realtimeInput: { audio: { data: encodePcm(whole), mimeType: "audio/pcm;rate=16000" } },
  });
}

function fromGemini(pcm: Int16Array): string {
  const parts = [{ inlineData: { mimeType: "audio/pcm;rate=24000", data: encodePcm(pcm) } }];
  return JSON.stringify({ serverContent: { modelTurn: { parts } } }, undefined, 2);
}

test("knows how long each of a message's two frames was in Node, whichever calls spoke meanwhile", () => {
  const [a1, a2, b1, b2] = [1, 2, 3, 4].map((seed) => sound(320, seed)) as [
    Int16Array,
    Int16Array,
    Int16Array,
    Int16Array,
  ]; // four are made
  ledger.fromPage(batch(FrameKind.input, a1, b1), 1_000);
  ledger.fromPage(batch(FrameKind.input, a2, b2), 1_020);
  ledger.toGemini(toGemini(b1, b2), 1_020.5, FRAME_BYTES);
  ledger.toGemini(toGemini(a1, a2), 1_021, FRAME_BYTES);
  expect(ledger.takeStamps().uplink).toEqual([
    { atMs: 1_020.5, newestMs: 0.5, oldestMs: 20.5 },
    { atMs: 1_021, newestMs: 1, oldestMs: 21 },
  ]);
  expect(ledger.takeStamps()).toEqual(noStamps());
});

test("says nothing of silence, of a message whose frames it did not see, and of a frame that was there before", () => {
  const [quiet, loud, unseen] = [sound(320, 1, 20), sound(320, 2), sound(320, 3)];
  ledger.fromPage(batch(FrameKind.input, quiet, loud), 1_000);
  ledger.toGemini(toGemini(quiet, loud), 1_001, FRAME_BYTES);
  ledger.toGemini(toGemini(unseen), 1_002, FRAME_BYTES);
  ledger.toGemini(toGemini(loud), 1_003, FRAME_BYTES);
  ledger.toGemini(JSON.stringify({ realtimeInput: { audioStreamEnd: true } }), 1_004, FRAME_BYTES);
  expect(ledger.takeStamps()).toEqual(noStamps());
});

test("forgets frames of which nothing is made", () => {
  const [old, young] = [sound(320, 1), sound(320, 2)];
  ledger.fromPage(batch(FrameKind.input, old), 1_000);
  ledger.fromPage(batch(FrameKind.input, young), 6_000);
  ledger.toGemini(toGemini(old), 6_001, FRAME_BYTES);
  ledger.toGemini(toGemini(young), 6_001, FRAME_BYTES);
  expect(ledger.takeStamps().uplink).toEqual([{ atMs: 6_001, newestMs: 1, oldestMs: 1 }]);
});

test("knows how long the first sound of an answer was in Node, and leaves out those that wait for their turn", () => {
  const [first, second, next] = [sound(4_800, 1), sound(5_760, 2), sound(4_800, 3)];
  ledger.fromGemini(fromGemini(first), 2_000, connection);
  ledger.toPage(batch(FrameKind.play, first.subarray(0, 2_400)), 2_000.4);
  ledger.toPage(batch(FrameKind.play, first.subarray(2_400)), 2_000.5);
  ledger.fromGemini(fromGemini(second), 2_050, connection);
  ledger.toPage(batch(FrameKind.play, second.subarray(0, 2_400)), 3_000);
  ledger.fromGemini(END_OF_TURN, 3_000, connection);
  ledger.fromGemini(fromGemini(next), 3_001, connection);
  ledger.toPage(batch(FrameKind.play, next.subarray(0, 2_400)), 3_001.25);
  const { downlink } = ledger.takeStamps();
  expect(downlink.map(({ atMs }) => atMs)).toEqual([2_000, 3_001]);
  expect(downlink.map(({ addedMs }) => Math.round(addedMs * 100))).toEqual([40, 25]);
});

test("an answer that was cut off ends with its turn, and the next one may come at once", () => {
  const [cut, next] = [sound(4_800, 1), sound(4_800, 2)];
  ledger.fromGemini(fromGemini(cut), 2_000, connection);
  ledger.toPage(batch(FrameKind.play, cut.subarray(0, 2_400)), 2_001);
  ledger.fromGemini(JSON.stringify({ serverContent: { interrupted: true } }), 2_010, connection);
  ledger.fromGemini(END_OF_TURN, 2_010, connection);
  ledger.fromGemini(fromGemini(next), 2_020, connection);
  ledger.toPage(batch(FrameKind.play, next.subarray(0, 2_400)), 2_023);
  expect(ledger.takeStamps().downlink).toEqual([
    { atMs: 2_000, addedMs: 1 },
    { atMs: 2_020, addedMs: 3 },
  ]);
});

test("each connection has answers of its own", () => {
  const [a, b] = [sound(4_800, 1), sound(4_800, 2)];
  ledger.fromGemini(fromGemini(a), 2_000, connection);
  ledger.fromGemini(fromGemini(b), 2_010, {});
  ledger.toPage(batch(FrameKind.play, b.subarray(0, 2_400), a.subarray(0, 2_400)), 2_012);
  expect(ledger.takeStamps().downlink.map(({ addedMs }) => addedMs)).toEqual([2, 12]);
});

test("notes when Gemini interrupts, and when the page is told", () => {
  ledger.fromGemini(
    JSON.stringify({ serverContent: { interrupted: true } }, undefined, 2),
    5_000,
    connection,
  );
  ledger.fromGemini(JSON.stringify({ serverContent: { turnComplete: true } }), 5_001, connection);
  const writer = new BatchWriter(new ArrayBuffer(64));
  writer.mark({ call: 1, kind: FrameKind.flush, generation: 1, seq: 0 });
  ledger.toPage(writer.take(), 5_000.3);
  expect(ledger.takeStamps()).toEqual({ ...noStamps(), interrupted: [5_000], flushed: [5_000.3] });
});
