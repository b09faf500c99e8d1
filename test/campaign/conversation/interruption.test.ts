import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { randomOf } from "../../support/random.ts";
import { SimulatedCall } from "./simulated-call.ts";

const TRIALS = 30;
const FIRST_MARKER = 3_000;
const WORDS = Array.from({ length: 20 }, (_, i) => `word${i}`);
const ANSWER = { words: WORDS, wordMs: 400, leadMs: 400 };
const ANSWER_MS = 8_000;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
});
afterEach(() => {
  vi.useRealTimers();
});

it("plays no sample of an answer after the word that it is interrupted, and all of the next one", async () => {
  const random = randomOf(11);
  const call = new SimulatedCall(3_600_000);
  const heardMs = (marker: number) =>
    call.room.heard.filter((sound) => sound.marker === marker).reduce((sum, { ms }) => sum + ms, 0);
  await call.greet({ ...ANSWER, marker: FIRST_MARKER });
  await call.pass(ANSWER_MS + 1_000);
  call.completeTurn();

  for (let trial = 1; trial <= TRIALS; trial += 1) {
    const old = FIRST_MARKER + 2 * trial;
    const next = old + 1;
    call.answer({ ...ANSWER, marker: old });
    await call.pass(300 + Math.floor(random() * 6_000));
    call.speaking = true;
    await call.pass(60 + Math.floor(random() * 400));
    const before = heardMs(old);
    expect(before, `trial ${trial}`).toBeGreaterThan(0);
    call.interrupt(old);
    await call.pass(20 + Math.floor(random() * 1_500));
    call.speaking = false;
    await call.pass(1_500);
    call.answer({ ...ANSWER, marker: next });
    await call.pass(ANSWER_MS + 1_000);
    call.completeTurn();
    expect(heardMs(old), `trial ${trial}`).toBe(before);
    expect(heardMs(next), `trial ${trial}`).toBe(ANSWER_MS);
    await call.pass(2_500);
  }
  call.bot.stop("stopped");
  await call.pass(100);
  const cut = call.link.transcript.filter(({ interrupted }) => interrupted);
  expect(call.link.transcript).toHaveLength(1 + 2 * TRIALS);
  expect(cut).toHaveLength(TRIALS);
}, 60_000);
