import { describe, expect, it } from "vitest";
import { AudioUplink, type UplinkSink } from "./audio-uplink.ts";

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
  it("sends two frames of 20 ms as one chunk of 40 ms", () => {
    const sent: Int16Array[] = [];
    const uplink = new AudioUplink();
    uplink.open(sinkTo(sent));
    uplink.add(counting(0, 320));
    expect(sent).toEqual([]);
    uplink.add(counting(320, 320));
    expect(sent.map(({ length }) => length)).toEqual([640]);
    expect(flat(sent)).toEqual([...counting(0, 640)]);
  });

  it("keeps every sample in order for frames of any size, in chunks of their own memory", () => {
    const sent: Int16Array[] = [];
    const uplink = new AudioUplink();
    uplink.open(sinkTo(sent));
    let from = 0;
    for (const size of [1, 639, 641, 2_000, 320, 239]) {
      uplink.add(counting(from, size));
      from += size;
    }
    expect(flat(sent)).toEqual([...counting(0, Math.floor(from / 640) * 640)]);
  });

  it("sends what is left of a chunk before a mark, once", () => {
    const sent: Int16Array[] = [];
    const marks: string[] = [];
    const uplink = new AudioUplink();
    uplink.open(sinkTo(sent, marks));
    uplink.add(counting(0, 700));
    uplink.pause();
    uplink.pause();
    uplink.add(counting(700, 640));
    expect(sent.map(({ length }) => length)).toEqual([640, 60, 640]);
    expect(flat(sent)).toEqual([...counting(0, 1_340)]);
    expect(marks).toEqual(["pause after 2", "pause after 2"]);
  });

  it("keeps marks in their place among the audio, and forgets a pause that is over", () => {
    const sent: Int16Array[] = [];
    const marks: string[] = [];
    const uplink = new AudioUplink();
    uplink.pause();
    uplink.add(counting(0, 640));
    uplink.turnStart();
    uplink.add(counting(640, 700));
    uplink.turnEnd();
    expect(uplink.open(sinkTo(sent, marks))).toBe(3);
    expect(flat(sent)).toEqual([...counting(0, 1_340)]);
    expect(marks).toEqual(["start after 1", "end after 3"]);
  });

  it("keeps no turn of which nothing is left", () => {
    const sent: Int16Array[] = [];
    const marks: string[] = [];
    const uplink = new AudioUplink();
    for (let turn = 0; turn < 300; turn += 1) {
      uplink.turnStart();
      uplink.add(counting(turn, 640));
      uplink.turnEnd();
    }
    uplink.open(sinkTo(sent, marks));
    expect(sent).toHaveLength(50);
    expect(marks).toHaveLength(100);
  });

  it("goes back 2 s when a turn is cut by a loss, from the turn's own beginning", () => {
    const first: Int16Array[] = [];
    const second: Int16Array[] = [];
    const marks: string[] = [];
    const uplink = new AudioUplink();
    uplink.open(sinkTo(first));
    for (let chunk = 0; chunk < 70; chunk += 1) uplink.add(counting(chunk, 640));
    uplink.turnStart();
    for (let chunk = 100; chunk < 110; chunk += 1) uplink.add(counting(chunk, 640));
    uplink.hold({ rewind: true });
    uplink.add(counting(110, 640));
    uplink.turnEnd();
    expect(uplink.open(sinkTo(second, marks))).toBe(11);
    expect(second.map(([sample]) => sample)).toEqual(Array.from({ length: 11 }, (_, i) => 100 + i));
    expect(marks).toEqual(["start after 0", "end after 11"]);

    uplink.turnStart();
    for (let chunk = 0; chunk < 70; chunk += 1) uplink.add(counting(chunk, 640));
    uplink.hold({ rewind: true });
    expect(uplink.open(sinkTo([], marks))).toBe(50);
  });

  it("keeps the newest 2 s while nobody listens, and tells what it left out", () => {
    const sent: Int16Array[] = [];
    const uplink = new AudioUplink();
    let dropped = 0;
    for (let chunk = 0; chunk < 60; chunk += 1) dropped += uplink.add(counting(chunk, 640));
    uplink.open(sinkTo(sent));
    expect(dropped).toBe(10);
    expect(sent.map(([first]) => first)).toEqual(Array.from({ length: 50 }, (_, i) => i + 10));
  });
});
