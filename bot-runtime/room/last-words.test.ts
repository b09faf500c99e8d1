import { PassThrough } from "node:stream";
import { expect, it, vi } from "vitest";
import { LastWords } from "./last-words.ts";

async function wordsAfter(...pieces: string[]): Promise<string[]> {
  const stream = new PassThrough();
  const words = new LastWords(stream);
  for (const piece of pieces) stream.write(piece);
  await vi.waitFor(() => expect(stream.readableLength).toBe(0));
  return words.lines;
}

it("keeps lines whole, however they arrive, and the one that is not ended", async () => {
  expect(await wordsAfter("one\ntw", "o\n\nthr", "ee")).toEqual(["one", "two", "three"]);
});

it("keeps the last ones only", async () => {
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  expect(await wordsAfter(`${lines.join("\n")}\n`)).toEqual(lines.slice(-8));
});

it("keeps the start of a line without end", async () => {
  expect(await wordsAfter("x".repeat(10_000), "y".repeat(10_000))).toEqual(["x".repeat(300)]);
});

it("keeps nothing of what a page writes, over however many lines", async () => {
  const words = await wordsAfter(
    "[12/3.4:WARNING:a.cc:1] before\n",
    '[12/3.5:INFO:CONSOLE:1] "she said: first\nsecond\n\nthird", source: http://127.0.0.1:1/s/page.js (1)\n',
    "[12/3.6:ERROR:b.cc:2] between\n[12/3.7:INFO:CONSOLE(7)] one\nmore of ",
    "it\nReceived signal 11\n#0 0x1\n[12/3.8:INFO:CONSOLE:1] never end",
  );
  expect(words).toEqual([
    "[12/3.4:WARNING:a.cc:1] before",
    "[12/3.6:ERROR:b.cc:2] between",
    "Received signal 11",
    "#0 0x1",
  ]);
});

it("keeps no path of a URL, which may be a page's secret", async () => {
  const words = await wordsAfter(
    "[1/2:ERROR:c.cc:3] http://127.0.0.1:1/secret/ failed\nat ws://127.0.0.1:1/sec",
  );
  expect(words).toEqual(["[1/2:ERROR:c.cc:3] http://127.0.0.1:1/… failed", "at ws://127.0.0.1:1/…"]);
});

it("outlives its stream", () => {
  const stream = new PassThrough();
  const words = new LastWords(stream);
  stream.destroy(new Error("EPIPE"));
  expect(words.lines).toEqual([]);
});
