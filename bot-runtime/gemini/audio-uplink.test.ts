import { describe, expect, it } from "vitest";
import { AudioUplink, type UplinkSink } from "./audio-uplink.ts";

/** 20 ms at 16 kHz. */
const CHUNK = 320;

/** Samples that count up, so that order and completeness can be seen. */
function counting(from: number, length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => from + i);
}

function flat(chunks: Int16Array[]): number[] {
  return chunks.flatMap((chunk) => [...chunk]);
}

/** Takes audio to `sent`, and marks to `marks` with the number of chunks before each. */
function sinkTo(sent: Int16Array[], marks: string[] = []): UplinkSink {
  return {
    audio: (chunk) => sent.push(chunk),
    pause: () => marks.push(`pause after ${sent.length}`),
    turnStart: () => marks.push(`start after ${sent.length}`),
    turnEnd: () => marks.push(`end after ${sent.length}`),
  };
}

describe("AudioUplink", () => {
  it("sends each frame of 20 ms as a chunk, at once, and less than that once it is whole", () => {
    const sent: Int16Array[] = [];
    const uplink = new AudioUplink();
    uplink.open(sinkTo(sent));
    uplink.add(counting(0, CHUNK));
    expect(sent.map(({ length }) => length)).toEqual([CHUNK]);
    uplink.add(counting(CHUNK, CHUNK / 2));
    expect(sent).toHaveLength(1);
    uplink.add(counting(1.5 * CHUNK, CHUNK / 2));
    expect(sent.map(({ length }) => length)).toEqual([CHUNK, CHUNK]);
    expect(flat(sent)).toEqual([...counting(0, 2 * CHUNK)]);
  });

  it("keeps every sample in order for frames of any size, in chunks of their own memory", () => {
    const sent: Int16Array[] = [];
    const uplink = new AudioUplink();
    uplink.open(sinkTo(sent));
    let from = 0;
    for (const size of [1, CHUNK - 1, CHUNK + 1, 1_000, CHUNK / 2, 119]) {
      uplink.add(counting(from, size));
      from += size;
    }
    expect(flat(sent)).toEqual([...counting(0, Math.floor(from / CHUNK) * CHUNK)]);
  });

  it("sends what is left of a chunk before a mark, once", () => {
    const sent: Int16Array[] = [];
    const marks: string[] = [];
    const uplink = new AudioUplink();
    uplink.open(sinkTo(sent, marks));
    uplink.add(counting(0, CHUNK + 60));
    uplink.pause();
    uplink.pause();
    uplink.add(counting(CHUNK + 60, CHUNK));
    expect(sent.map(({ length }) => length)).toEqual([CHUNK, 60, CHUNK]);
    expect(flat(sent)).toEqual([...counting(0, 2 * CHUNK + 60)]);
    expect(marks).toEqual(["pause after 2", "pause after 2"]);
  });

  it("keeps marks in their place among the audio, and forgets a pause that is over", () => {
    const sent: Int16Array[] = [];
    const marks: string[] = [];
    const uplink = new AudioUplink();
    uplink.pause();
    uplink.add(counting(0, CHUNK));
    uplink.turnStart();
    uplink.add(counting(CHUNK, CHUNK + 60));
    uplink.turnEnd();
    expect(uplink.open(sinkTo(sent, marks))).toBe(3);
    expect(flat(sent)).toEqual([...counting(0, 2 * CHUNK + 60)]);
    expect(marks).toEqual(["start after 1", "end after 3"]);
  });

  it("keeps no turn of which nothing is left", () => {
    const sent: Int16Array[] = [];
    const marks: string[] = [];
    const uplink = new AudioUplink();
    for (let turn = 0; turn < 300; turn += 1) {
      uplink.turnStart();
      uplink.add(counting(turn, CHUNK));
      uplink.turnEnd();
    }
    uplink.open(sinkTo(sent, marks));
    expect(sent).toHaveLength(100);
    expect(marks).toHaveLength(200);
  });

  it("goes back 2 s when a turn is cut by a loss, from the turn's own beginning", () => {
    const first: Int16Array[] = [];
    const second: Int16Array[] = [];
    const marks: string[] = [];
    const uplink = new AudioUplink();
    uplink.open(sinkTo(first));
    for (let chunk = 0; chunk < 130; chunk += 1) uplink.add(counting(chunk, CHUNK));
    uplink.turnStart();
    for (let chunk = 200; chunk < 210; chunk += 1) uplink.add(counting(chunk, CHUNK));
    uplink.lost({ rewind: true });
    uplink.add(counting(210, CHUNK));
    uplink.turnEnd();
    expect(uplink.open(sinkTo(second, marks))).toBe(11);
    expect(second.map(([sample]) => sample)).toEqual(Array.from({ length: 11 }, (_, i) => 200 + i));
    expect(marks).toEqual(["start after 0", "end after 11"]);

    uplink.turnStart();
    for (let chunk = 0; chunk < 130; chunk += 1) uplink.add(counting(chunk, CHUNK));
    uplink.lost({ rewind: true });
    expect(uplink.open(sinkTo([], marks))).toBe(100);
  });

  it("begins a turn once that was not told yet when a connection was lost", () => {
    const sent: Int16Array[] = [];
    const marks: string[] = [];
    const uplink = new AudioUplink();
    uplink.open(sinkTo([]));
    uplink.add(counting(7, CHUNK));
    uplink.hold();
    uplink.turnStart();
    uplink.add(counting(100, CHUNK));
    uplink.lost({ rewind: true });
    uplink.add(counting(101, CHUNK));
    uplink.turnEnd();
    expect(uplink.open(sinkTo(sent, marks))).toBe(2);
    expect(sent.map(([first]) => first)).toEqual([100, 101]);
    expect(marks).toEqual(["start after 0", "end after 2"]);
  });

  it("begins a turn anew whose end was not told yet when a connection was lost", () => {
    const sent: Int16Array[] = [];
    const marks: string[] = [];
    const uplink = new AudioUplink();
    uplink.open(sinkTo([]));
    uplink.turnStart();
    uplink.add(counting(100, CHUNK));
    uplink.hold();
    uplink.add(counting(101, CHUNK));
    uplink.turnEnd();
    uplink.lost({ rewind: false });
    uplink.open(sinkTo(sent, marks));
    expect(sent.map(([first]) => first)).toEqual([100, 101]);
    expect(marks).toEqual(["start after 0", "end after 2"]);
  });

  it("keeps the newest 2 s while nobody listens, and tells what it left out", () => {
    const sent: Int16Array[] = [];
    const uplink = new AudioUplink();
    let dropped = 0;
    for (let chunk = 0; chunk < 110; chunk += 1) dropped += uplink.add(counting(chunk, CHUNK));
    uplink.open(sinkTo(sent));
    expect(dropped).toBe(10);
    expect(sent.map(([first]) => first)).toEqual(Array.from({ length: 100 }, (_, i) => i + 10));
  });
});
