import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { pick, randomOf } from "../../support/random.ts";
import { SimulatedCall } from "./simulated-call.ts";

const MINUTE_MS = 60_000;
/** The end of the session is announced in its last minute, which is not what this is about. */
const TALK_MS = 58 * MINUTE_MS;
/** Sounds of answers begin here: far above what is silent. */
const FIRST_MARKER = 3_000;
const WORD_MS = 300;
/** Of the words of an answer that was cut off, how many more or fewer may be told than were heard. */
const WORDS_OFF = 3;

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void; // there is no type for what a flag makes

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Said {
  role: "user" | "assistant";
  /** Of the whole, of which the other side may have heard a part. */
  words: readonly string[];
  heardWords: number;
}

it("holds a conversation of an hour: every word kept as it was heard, in order, and no memory lost", async () => {
  const random = randomOf(7);
  const between = (from: number, to: number) => Math.round((from + (to - from) * random()) / 20) * 20;
  const call = new SimulatedCall(60 * MINUTE_MS);
  const startedAt = Date.now();
  const said: Said[] = [];
  const heap: number[] = [];
  let marker = FIRST_MARKER;
  let interruptions = 0;

  const answerOf = (count: number) => ({
    marker,
    words: Array.from({ length: count }, (_, i) => `${marker}-${i}${i === count - 1 ? "." : ""}`),
    wordMs: WORD_MS,
    leadMs: pick([0, 600, Number.POSITIVE_INFINITY], random),
  });
  const heardMs = () =>
    call.room.heard.filter((sound) => sound.marker === marker).reduce((sum, { ms }) => sum + ms, 0);
  const utter = (turn: number) => {
    const words = ["u", `${turn}`, "please."];
    said.push({ role: "user", words, heardWords: words.length });
    return { text: words.join(" "), finished: random() < 0.5 };
  };

  const greeting = answerOf(6);
  await call.greet(greeting);
  await call.pass(3_000);
  call.completeTurn();
  said.push({ role: "assistant", words: greeting.words, heardWords: 6 });

  call.speaking = true;
  await call.pass(1_000);
  for (let turn = 1; Date.now() - startedAt < TALK_MS; turn += 1) {
    await call.pass(between(500, 2_500));
    call.speaking = false;
    // The words of a turn come before the answer, or up to 2 s after its end.
    const utterance = utter(turn);
    setTimeout(() => call.live.connection.say({ inputTranscription: utterance }), between(200, 1_900));
    await call.pass(between(500, 1_200));

    marker += 1;
    const answer = answerOf(1 + Math.floor(random() * 30));
    const allMs = answer.words.length * WORD_MS;
    call.answer(answer);
    if (random() < 0.3 && allMs > 3_000) {
      await call.pass(between(1_500, allMs - 1_000));
      call.speaking = true;
      await call.pass(between(80, 300));
      call.interrupt(marker);
      interruptions += 1;
      await call.pass(800);
      said.push({ role: "assistant", words: answer.words, heardWords: heardMs() / WORD_MS });
    } else {
      await call.pass(allMs + 300);
      call.completeTurn();
      await call.pass(between(200, 4_000));
      said.push({ role: "assistant", words: answer.words, heardWords: answer.words.length });
      call.speaking = true;
    }
    if (turn % 40 === 0) {
      call.forget();
      collectGarbage();
      heap.push(process.memoryUsage().heapUsed);
    }
  }
  call.speaking = false;
  await call.pass(6_000);

  const { transcript } = call.link;
  expect(call.ended).toBeUndefined();
  expect(interruptions).toBeGreaterThan(20);
  // The connection was renewed meanwhile, which nobody notices.
  expect(call.live.setups.length).toBeGreaterThan(1);
  expect(transcript.map(({ role, text }) => [role, text.split(" ")[0]])).toEqual(
    // The user was about to speak again when time was up.
    said.map(({ role, words }) => [role, words[0]]),
  );
  for (const [index, { words, heardWords }] of said.entries()) {
    const entry = transcript[index];
    const told = entry?.text.split(" ") ?? [];
    expect(told, entry?.text).toEqual(words.slice(0, told.length));
    expect(Math.abs(told.length - heardWords), entry?.text).toBeLessThanOrEqual(
      entry?.interrupted ? WORDS_OFF : 0,
    );
  }
  const times = transcript.map(({ at }) => Date.parse(at));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  // Each answer is heard in one piece (but for pauses of its own), and never again after another.
  const markers = call.room.heard.map((sound) => sound.marker);
  expect(markers).toEqual([...new Set(markers)].toSorted((a, b) => a - b));
  const growth = (heap.at(-1) ?? 0) - (heap[1] ?? 0);
  expect(growth / 1e6, "MB of heap from turn 80 on").toBeLessThan(3);

  call.bot.stop("stopped");
  await call.pass(100);
  expect(call.ended).toBe("stopped");
  expect(vi.getTimerCount()).toBe(0);
}, 60_000);
