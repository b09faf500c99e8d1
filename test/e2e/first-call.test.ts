/**
 * One call from Connect to hang-up through everything that is real: the official client, the edge in workerd, the
 * bot runtime with its Chromium and daily-js, the Gemini SDK. What is asserted comes from the audio at both ends.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { bestMatch, envelope, fromS16, readWav, toneTimes } from "../support/audio.ts";
import { STACK_HOOK_TIMEOUT_MS, type Stack, startStack } from "../support/stack.ts";
import { User } from "../support/user.ts";

/** Agreement of two energy envelopes (Pearson) at which they are the same speech. */
const SAME_SPEECH = 0.8;
const INPUT_SAMPLE_RATE = 16_000;
/** The tone that marks an answer which is going to be interrupted, and the one that follows it. */
const OLD_ANSWER_HZ = 1_000;
const NEW_ANSWER_HZ = 1_700;
const ANSWER_MS = 15_000;
/** From the user's first word to the last of the answer: long before the user's last word, and the answer's end. */
const SILENCED_WITHIN_MS = 2_500;
/** More than audio needs from the bot to the user's ear. */
const ONE_WAY_MS = 500;
/** A jitter buffer may tear a sound this far apart. */
const TORN_MS = 100;
/** Steps of a tone (half a second) that make it an answer, and no click. */
const TONE_STEPS = 25;
/** For what a healthy machine does in a fraction of a second. */
const SOON = { timeout: 10_000 };
/** For what has to be said first. Asked less often: each look at the sound takes time from the audio. */
const SPOKEN = { timeout: 20_000, interval: 200 };
/** How long the call lasts at least, so that frames have had time to get lost. */
const BRIDGE_MS = 30_000;

const question = readWav(await readFile(join(import.meta.dirname, "recordings/question.wav")));

describe("a first call", () => {
  let stack: Stack;
  let user: User;
  let sessionId: string;
  let connectedAt: number;

  beforeAll(async () => {
    // One after the other: when the second fails, the first has an owner that closes it.
    stack = await startStack();
    user = await User.open();
  }, STACK_HOOK_TIMEOUT_MS);

  afterAll(async () => {
    await user?.[Symbol.asyncDispose]();
    await stack?.[Symbol.asyncDispose]();
  });

  it("connects: startBotAndConnect resolves with bot-ready 2.x", async () => {
    onTestFailed(() => explain());
    const ready = await user.connect(`${stack.edge.url}/api/rtvi/start`, `${stack.daily.url}/call-machine`);
    connectedAt = performance.now();
    expect(ready).toMatchObject({ version: expect.stringMatching(/^2\./) });
    sessionId = await user.sessionId();
    await expect
      .poll(() => getJson(`${stack.edge.url}/api/rtvi/${sessionId}`), SOON)
      .toMatchObject({ state: "active" });
  });

  it("greets the user aloud", async () => {
    onTestFailed(() => explain());
    await expect.poll(() => user.eventNames(), SPOKEN).toContain("botStoppedSpeaking");
    expect(Math.max(...envelope(await user.heard()))).toBeGreaterThan(0.02);
  });

  it("carries the user's speech to Gemini, and the answer to the user's ear", async () => {
    onTestFailed(() => explain());
    const heardBefore = await user.heardMs();
    const answers = await countAnswers();
    await user.speak(question);
    await expect.poll(countAnswers, SPOKEN).toBe(answers + 1);

    const [gemini] = await getJson(`${stack.gemini.url}/_emulator/sessions`);
    const received = await getSamples(`${stack.gemini.url}/_emulator/sessions/${gemini.id}/audio`);
    expect(bestMatch(envelope(question), envelope(received)).correlation).toBeGreaterThanOrEqual(SAME_SPEECH);

    // The end of the answer is announced before its last sound has crossed the room.
    const announcedAt = await user.heardMs();
    await expect.poll(() => user.heardMs(), SOON).toBeGreaterThan(announcedAt + ONE_WAY_MS);
    const answer = await user.heard(heardBefore);
    expect(bestMatch(envelope(question), envelope(answer)).correlation).toBeGreaterThanOrEqual(SAME_SPEECH);
    const names = await user.eventNames();
    for (const name of [
      "userStartedSpeaking",
      "userStoppedSpeaking",
      "userTranscript",
      "botOutput",
      "botLlmText",
      "metrics",
    ]) {
      expect(names).toContain(name);
    }
  });

  it("falls silent when the user speaks during an answer, and plays nothing of it afterwards", async () => {
    onTestFailed(() => explain());
    await post(`${stack.gemini.url}/_emulator/answer`, {
      answer: { kind: "tone", hz: OLD_ANSWER_HZ, durationMs: ANSWER_MS },
    });
    const heardBefore = await user.heardMs();
    /** Where the tone was heard, as places in all that was heard. */
    const heardTone = async (hz: number) =>
      toneTimes(await user.heard(heardBefore), hz).map((at) => at + heardBefore);
    await user.speak(question);
    await expect
      .poll(async () => (await heardTone(OLD_ANSWER_HZ)).length, SPOKEN)
      .toBeGreaterThan(TONE_STEPS);

    await post(`${stack.gemini.url}/_emulator/answer`, {
      answer: { kind: "tone", hz: NEW_ANSWER_HZ, durationMs: 1_000 },
    });
    const answers = await countAnswers();
    const spokeAt = await user.heardMs();
    await user.speak(question);
    await expect
      .poll(async () => (await heardTone(NEW_ANSWER_HZ)).length, SPOKEN)
      .toBeGreaterThan(TONE_STEPS);

    const old = await heardTone(OLD_ANSWER_HZ);
    const onset = old[0] ?? 0;
    const last = old.at(-1) ?? 0;
    expect(onset + ANSWER_MS, "the answer was not over anyway").toBeGreaterThan(
      spokeAt + 2 * SILENCED_WITHIN_MS,
    );
    expect(last - spokeAt).toBeLessThan(SILENCED_WITHIN_MS);

    // The flush is announced when it has happened; what was on its way before may still be heard, in one piece.
    const flush = (await user.events()).filter(({ name }) => name === "botStoppedSpeaking")[answers];
    if (flush === undefined) throw new Error("the flush was not announced");
    const flushedAt = await user.heardMsAt(flush);
    expect(last).toBeLessThan(flushedAt + ONE_WAY_MS);
    for (const [index, at] of old.entries()) {
      if (at > flushedAt) expect(at - (old[index - 1] ?? at)).toBeLessThanOrEqual(TORN_MS);
    }
    expect(Math.min(...(await heardTone(NEW_ANSWER_HZ)))).toBeGreaterThan(last);
  });

  it("loses no frame at the bridge in 30 s", { timeout: BRIDGE_MS + 10_000 }, async () => {
    onTestFailed(() => explain());
    await expect
      .poll(() => performance.now() - connectedAt, { timeout: BRIDGE_MS + 5_000, interval: 500 })
      .toBeGreaterThan(BRIDGE_MS);
    expect(await metric("chat_vrd_bridge_frames_lost_total")).toBe(0);
    // 50 frames a second; a few are not there yet when the call begins.
    expect(await metric("chat_vrd_bridge_frames_in_total")).toBeGreaterThan((BRIDGE_MS / 1000) * 50 * 0.95);
  });

  it("ends: session completed, room gone, nothing left in bot, page or emulators", async () => {
    onTestFailed(() => explain());
    await user.hangUp();
    const stopped = await post(`${stack.edge.url}/api/rtvi/${sessionId}/stop`);
    expect(stopped).toMatchObject({ sessionId, state: "completed" });
    const view = await getJson(`${stack.edge.url}/api/rtvi/${sessionId}`);
    expect(view).toMatchObject({ state: "completed", reason: expect.stringMatching(/stopped|client_left/) });
    for (const mark of [
      "room",
      "dispatched",
      "botJoined",
      "clientJoined",
      "clientReady",
      "firstBotAudio",
      "ended",
    ]) {
      expect(view.timeline).toHaveProperty(mark);
    }
    expect(JSON.stringify(view)).not.toMatch(/eyJ/);

    await expect
      .poll(() => getJson(`${stack.daily.url}/_emulator/state`), SOON)
      .toMatchObject({
        rooms: [],
        sockets: 0,
      });
    await expect
      .poll(
        async () =>
          (await getJson(`${stack.gemini.url}/_emulator/sessions`)).map((one: { open: boolean }) => one.open),
        SOON,
      )
      .toEqual([false]);
    await expect.poll(() => getJson(`${stack.bot.url}/health`), SOON).toMatchObject({ active: 0 });
    await expect.poll(() => metric("chat_vrd_rooms"), SOON).toBe(0);
    expect(await metric("chat_vrd_unhandled_rejections_total")).toBe(0);
  });

  async function countAnswers(): Promise<number> {
    return (await user.eventNames()).filter((name) => name === "botStoppedSpeaking").length;
  }

  /** A metric of the bot runtime; NaN when there is none of this name. */
  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${stack.bot.url}/metrics`)).text();
    const line = text.split("\n").find((one) => one.startsWith(`${name} `));
    return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
  }

  async function getSamples(url: string) {
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    return { sampleRate: INPUT_SAMPLE_RATE, samples: fromS16(bytes) };
  }

  function explain(): void {
    process.stderr.write(`${stack.transcript()}\n--- user's page\n${user.console.join("\n")}\n`);
  }
});

// biome-ignore lint/suspicious/noExplicitAny: answers of the programs under test, looked at field by field
async function getJson(url: string): Promise<any> {
  return (await fetch(url)).json();
}

// biome-ignore lint/suspicious/noExplicitAny: as above
async function post(url: string, body?: unknown): Promise<any> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.ok, `POST ${url}: ${answer.status}`).toBe(true);
  const text = await answer.text();
  return text === "" ? undefined : JSON.parse(text);
}
