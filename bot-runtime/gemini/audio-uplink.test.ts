import { describe, expect, it } from "vitest";
import { AudioUplink } from "./audio-uplink.ts";

/** Samples that count up, so that order and completeness can be seen. */
function counting(from: number, length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => from + i);
}

function flat(chunks: Int16Array[]): number[] {
  return chunks.flatMap((chunk) => [...chunk]);
}

describe("AudioUplink", () => {
  it("sends two frames of 20 ms as one chunk of 40 ms", () => {
    const sent: Int16Array[] = [];
    const uplink = new AudioUplink();
    uplink.open((chunk) => sent.push(chunk));
    uplink.add(counting(0, 320));
    expect(sent).toEqual([]);
    uplink.add(counting(320, 320));
    expect(sent.map(({ length }) => length)).toEqual([640]);
    expect(flat(sent)).toEqual([...counting(0, 640)]);
  });

  it("keeps every sample in order for frames of any size, in chunks of their own memory", () => {
    const sent: Int16Array[] = [];
    const uplink = new AudioUplink();
    uplink.open((chunk) => sent.push(chunk));
    let from = 0;
    for (const size of [1, 639, 641, 2_000, 320, 239]) {
      uplink.add(counting(from, size));
      from += size;
    }
    expect(flat(sent)).toEqual([...counting(0, Math.floor(from / 640) * 640)]);
  });

  it("sends what is left of a chunk when it is flushed, once", () => {
    const sent: Int16Array[] = [];
    const uplink = new AudioUplink();
    uplink.open((chunk) => sent.push(chunk));
    uplink.add(counting(0, 700));
    expect([uplink.flush(), uplink.flush()]).toEqual([0, 0]);
    uplink.add(counting(700, 640));
    expect(sent.map(({ length }) => length)).toEqual([640, 60, 640]);
    expect(flat(sent)).toEqual([...counting(0, 1_340)]);
  });

  it("keeps the newest 2 s while nobody listens, and tells what it left out", () => {
    const sent: Int16Array[] = [];
    const uplink = new AudioUplink();
    let dropped = 0;
    for (let chunk = 0; chunk < 60; chunk += 1) dropped += uplink.add(counting(chunk, 640));
    uplink.open((chunk) => sent.push(chunk));
    expect(dropped).toBe(10);
    expect(sent.map(([first]) => first)).toEqual(Array.from({ length: 50 }, (_, i) => i + 10));
  });
});
