import { afterAll, beforeAll, expect, test } from "vitest";
import type { Recording } from "../../../test/support/audio.ts";
import { RoomDaily } from "../../../test/support/room-daily.ts";
import { findMarkers, makeMarker } from "../marker.ts";
import { BareBrowser, type BarePage } from "./bare-page.ts";

const RATE = 48_000;
const WITHIN_MS = 10_000;

let daily: RoomDaily;
let browser: BareBrowser;
let alice: BarePage;
let bob: BarePage;

beforeAll(async () => {
  daily = await RoomDaily.start();
  browser = await BareBrowser.open({ callMachineUrl: daily.callMachineUrl });
  const room = await daily.createRoom();
  [alice, bob] = [await browser.newPage(), await browser.newPage()];
  const tracks = [alice.next("track", WITHIN_MS), bob.next("track", WITHIN_MS)];
  await alice.join({ url: room.url, token: await daily.token(room.name, "alice") });
  await bob.join({ url: room.url, token: await daily.token(room.name, "bob"), record: true });
  await Promise.all(tracks);
});

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await daily?.close();
});

/** A marker with silence before and behind it. */
function marker(number: number, { beforeMs = 0, afterMs = 0 } = {}): Recording {
  const samples = new Float32Array((RATE * (beforeMs + 100 + afterMs)) / 1000);
  samples.set(makeMarker(number, RATE), (RATE * beforeMs) / 1000);
  return { sampleRate: RATE, samples };
}

/** What WebRTC made up, left out or stretched so far. */
async function repairedSamples(page: BarePage): Promise<number> {
  const [inbound] = await page.received();
  const names = ["concealedSamples", "removedSamplesForAcceleration", "insertedSamplesForDeceleration"];
  return names.reduce((sum, name) => sum + Number(inbound?.[name]), 0);
}

function heard(page: BarePage, number: number) {
  return page.next("marker", WITHIN_MS, (found) => found.number === number);
}

/** What was said last may still be on its way, or not be silence for long enough yet. */
async function untilSilent(page: BarePage): Promise<void> {
  const edges = page.events.filter(({ type }) => type === "sound" || type === "silence");
  if (edges.at(-1)?.type === "sound") await page.next("silence", WITHIN_MS);
}

test("the clocks of the pages are ours", async () => {
  for (const page of [alice, bob]) {
    const { offsetMs, withinMs } = await page.clockOffset();
    expect(Math.abs(offsetMs)).toBeLessThan(withinMs + 0.5);
  }
});

/** From saying a marker, and so much silence before it, to its being heard. */
async function delayOf(number: number, beforeMs: number): Promise<number> {
  for (;;) {
    const slips = await alice.clockSlips();
    const mine = heard(alice, number);
    // Until it is over, a standstill of the audio thread would have been noticed, on a machine that is too busy.
    const saidAtMs = await alice.say(marker(number, { beforeMs, afterMs: 450 }));
    const { atMs } = await mine;
    if ((await alice.clockSlips()) === slips) return atMs - saidAtMs;
  }
}

test("what is said is heard by its own ear where it was said, and 50 ms later when it is said 50 ms later", async () => {
  await alice.page.call("hearMyself");
  for (const [number, beforeMs] of [0, 50, 0, 50].entries()) {
    // Every five seconds the output takes two quanta of the context at once, perhaps between saying and hearing.
    expect(Math.abs((await delayOf(number, beforeMs)) - beforeMs)).toBeLessThan(11);
  }
});

test("markers go through Daily and Opus with their numbers, and a recording has them at the same times", async () => {
  const repairedBefore = await repairedSamples(bob);
  for (let number = 10; number < 22; number += 1) await alice.say(marker(number, { afterMs: 100 }));
  // Sound keeps its order: once this one is heard, the others have been, or never will be.
  const last = 63;
  const heardLast = heard(bob, last);
  let over = false;
  heardLast.finally(() => {
    over = true;
  });
  while (!over) await alice.say(marker(last, { afterMs: 100 }));
  await heardLast;

  const live = bob.events.flatMap((event) => (event.type === "marker" && event.number >= 10 ? [event] : []));
  const { startsAtMs, missing, ...sound } = await bob.sound();
  const recorded = findMarkers(sound).filter(({ number }) => number >= 10);
  for (const [index, { number, atMs }] of live.entries()) {
    expect(recorded[index]?.number).toBe(number);
    // Each time the clock had to be set, the same sample's time was another; and it moves by up to a quantum anyway.
    if ((await bob.clockSlips()) === 0) {
      expect(Math.abs(atMs - (startsAtMs + (recorded[index]?.atMs ?? 0)))).toBeLessThan(11);
    }
  }
  // On a machine that is too busy WebRTC makes up what did not come in time, and what was in it is lost.
  if (missing === 0 && (await repairedSamples(bob)) === repairedBefore) {
    const said = Array.from({ length: 12 }, (_, index) => 10 + index);
    expect(live.map(({ number }) => number).filter((number) => number !== last)).toEqual(said);
  }
});

test("what is repeated has no gap, and its end is heard", async () => {
  const tone = Float32Array.from(
    { length: RATE / 5 },
    (_, index) => 0.3 * Math.sin((2 * Math.PI * 440 * index) / RATE),
  );
  await untilSilent(bob);
  const began = bob.next("sound", WITHIN_MS);
  const repairedBefore = await repairedSamples(bob);
  await alice.repeat({ sampleRate: RATE, samples: tone });
  const { atMs: beganAtMs } = await began;
  const seen = bob.events.length;
  // Said beside it, so that time passes by the sound's own clock: five times the length of the tone.
  await alice.say({ sampleRate: RATE, samples: new Float32Array(RATE) });
  const paused = bob.events.slice(seen).some(({ type }) => type === "silence");
  if ((await repairedSamples(bob)) === repairedBefore) expect(paused).toBe(false);
  const ended = bob.next("silence", WITHIN_MS);
  await alice.stopRepeating();
  expect((await ended).atMs - beganAtMs).toBeGreaterThan(500);
});

test("app messages arrive, and WebRTC tells what it received", async () => {
  const message = bob.next("message", WITHIN_MS);
  await alice.send({ hello: "bob" });
  expect((await message).data).toEqual({ hello: "bob" });
  const [inbound, ...more] = await bob.received();
  expect(more).toEqual([]);
  expect(Number(inbound?.totalSamplesReceived)).toBeGreaterThan(RATE);
});

test("a page says what went wrong in it, and one that left can join again", async () => {
  const room = await daily.createRoom();
  const left = bob.next("left", WITHIN_MS);
  await bob.leave();
  await left;
  await expect(bob.say(marker(1))).rejects.toThrow("Not in a call");
  await bob.join({ url: room.url, token: await daily.token(room.name, "bob") });
  expect(await daily.present(room.name)).toEqual(["bob"]);
  await bob.leave();
});
