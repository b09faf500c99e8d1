/**
 * One call from Connect to hang-up through everything that is real: the official client, the edge in workerd, the
 * bot runtime with its Chromium and daily-js, the Gemini SDK. What is asserted comes from the audio at both ends.
 * Apps keep the client that they were built with, so the same call is made with every release that is in use.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { StartReply } from "../../protocol/session.ts";
import { bestMatch, envelope, fromS16, type Recording, readWav, toneTimes } from "../support/audio.ts";
import { type ClientVersions, NEWEST_TRANSPORT, type TransportVersion } from "../support/client-bundle.ts";
import { eventsAt, PageTraffic, secretsIn } from "../support/secrets.ts";
import { MAX_LINES, STACK_HOOK_TIMEOUT_MS, type Stack, startStack } from "../support/stack.ts";
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
/** Of the question, up to a pause in it. Longer than `SILENCED_WITHIN_MS`: its end must not be what silences. */
const FIRST_WORDS_SECONDS = 2.65;
const FIRST_WORD_SECONDS = 1.2;
/** Enough of it to be known again by its envelope. */
const SAID_SECONDS = 2;
/** How long the call lasts at least, so that frames have had time to get lost. */
const BRIDGE_MS = 30_000;

/** What the user hears of in a call, by the names that the newest client has for it. */
const EVENTS_OF_A_TURN = [
  "userStartedSpeaking",
  "userStoppedSpeaking",
  "userTranscript",
  "botOutput",
  "botLlmText",
  "metrics",
];

interface Client {
  /** As npm has them. */
  bundled: ClientVersions & { transport: TransportVersion };
  /** As they say themselves in the page, with the version of RTVI that the client speaks. */
  running: { client: string; daily: string; rtvi: string };
  /** Those of `EVENTS_OF_A_TURN` that were invented later. */
  lacks: string[];
}

const CLIENTS: Client[] = [
  {
    bundled: { transport: "1.4.1", client: "1.4.1", daily: "0.84.0" },
    // This one was published with its predecessor's word for itself.
    running: { client: "1.4.0", daily: "0.84.0", rtvi: "1.0.0" },
    lacks: ["botOutput"],
  },
  {
    bundled: { transport: "1.5.0", client: "1.5.0", daily: "0.84.0" },
    running: { client: "1.5.0", daily: "0.84.0", rtvi: "1.0.0" },
    lacks: [],
  },
  {
    bundled: { transport: "1.6.0", client: "1.6.1", daily: "0.86.0" },
    running: { client: "1.6.1", daily: "0.86.0", rtvi: "1.2.0" },
    lacks: [],
  },
  {
    bundled: { transport: "1.6.9", client: "1.13.1", daily: "0.90.0" },
    running: { client: "1.13.1", daily: "0.90.0", rtvi: "2.1.0" },
    lacks: [],
  },
];

const question = readWav(await readFile(join(import.meta.dirname, "recordings/question.wav")));
/** As far as its first pause. */
const firstWords = firstSeconds(FIRST_WORDS_SECONDS);
/** As much as is taken for somebody who speaks. */
const firstWord = firstSeconds(FIRST_WORD_SECONDS);

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
}, STACK_HOOK_TIMEOUT_MS);

afterAll(() => stack?.[Symbol.asyncDispose]());

describe.each(CLIENTS)("a first call with transport $bundled.transport", ({ bundled, running, lacks }) => {
  let user: User;
  let traffic: PageTraffic;
  let sessionId: string;
  let connectedAt: number;
  /** The one of this call, as the emulator calls it. */
  let geminiSession: string;
  let framesBefore: number;
  /** All of it where there is time for it. */
  const said = bundled.transport === NEWEST_TRANSPORT ? question : firstSeconds(SAID_SECONDS);

  beforeAll(async () => {
    // The answer that another call ordered must not matter here.
    await post(`${stack.gemini.url}/_emulator/reset`);
    framesBefore = await metric("chat_vrd_bridge_frames_in_total");
    user = await User.open({ transport: bundled.transport });
    traffic = new PageTraffic(user.page);
  });

  afterAll(() => user?.[Symbol.asyncDispose]());

  it("connects: startBotAndConnect resolves with bot-ready of the client's major version", async () => {
    onTestFailed(() => explain());
    const ready = await user.connect(`${stack.edge.url}/api/rtvi/start`, `${stack.daily.url}/call-machine`);
    connectedAt = performance.now();
    const [open] = (await geminiSessions()).filter((one) => one.open);
    if (open === undefined) throw new Error("no session of Gemini is open");
    geminiSession = open.id;
    const [major] = running.rtvi.split(".");
    expect(ready).toMatchObject({ version: expect.stringMatching(new RegExp(`^${major}\\.`)) });
    sessionId = await user.sessionId();
    await expect
      .poll(() => getJson(`${stack.edge.url}/api/rtvi/${sessionId}`), SOON)
      .toMatchObject({ state: "active" });
  });

  it("is made with the releases that it says", async () => {
    expect(user.bundled).toEqual(bundled);
    expect(await user.versions()).toEqual(running);
    const known = await user.knownEvents();
    expect(EVENTS_OF_A_TURN.filter((name) => !known.includes(name))).toEqual(lacks);
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
    await user.speak(said);
    await expect.poll(countAnswers, SPOKEN).toBe(answers + 1);

    const received = await getSamples(`${stack.gemini.url}/_emulator/sessions/${geminiSession}/audio`);
    expect(bestMatch(envelope(said), envelope(received)).correlation).toBeGreaterThanOrEqual(SAME_SPEECH);

    // The end of the answer is announced before its last sound has crossed the room.
    const announcedAt = await user.heardMs();
    await expect.poll(() => user.heardMs(), SOON).toBeGreaterThan(announcedAt + ONE_WAY_MS);
    const answer = await user.heard(heardBefore);
    expect(bestMatch(envelope(said), envelope(answer)).correlation).toBeGreaterThanOrEqual(SAME_SPEECH);
    const names = await user.eventNames();
    for (const name of EVENTS_OF_A_TURN) if (!lacks.includes(name)) expect(names).toContain(name);
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
    await user.speak(firstWord);
    await expect
      .poll(async () => (await heardTone(OLD_ANSWER_HZ)).length, SPOKEN)
      .toBeGreaterThan(TONE_STEPS);

    await post(`${stack.gemini.url}/_emulator/answer`, {
      answer: { kind: "tone", hz: NEW_ANSWER_HZ, durationMs: 1_000 },
    });
    const answers = await countAnswers();
    const spokeAt = await user.heardMs();
    await user.speak(firstWords);
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

  it.runIf(bundled.transport === NEWEST_TRANSPORT)(
    "loses no frame at the bridge in 30 s",
    { timeout: BRIDGE_MS + 10_000 },
    async () => {
      onTestFailed(() => explain());
      await expect
        .poll(() => performance.now() - connectedAt, { timeout: BRIDGE_MS + 5_000, interval: 500 })
        .toBeGreaterThan(BRIDGE_MS);
      expect(await metric("chat_vrd_bridge_frames_lost_total")).toBe(0);
      const frames = (await metric("chat_vrd_bridge_frames_in_total")) - framesBefore;
      // 50 frames a second; a few are not there yet when the call begins.
      expect(frames).toBeGreaterThan((BRIDGE_MS / 1000) * 50 * 0.95);
    },
  );

  it("ends: session completed, nothing left in bot, page or emulators", async () => {
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
      .toMatchObject({ sockets: 0 });
    await expect.poll(geminiSessions, SOON).toEqual([{ id: geminiSession, open: false }]);
    await expect.poll(() => getJson(`${stack.bot.url}/health`), SOON).toMatchObject({ active: 0 });
    await expect.poll(() => metric("chat_vrd_rooms"), SOON).toBe(0);
    expect(await metric("chat_vrd_unhandled_rejections_total")).toBe(0);
  });

  it("has put no secret into a log, a reply, an event or a message, but what its caller needs", async () => {
    onTestFailed(() => explain());
    const begun = (await user.events()).find(({ name }) => name === "botStarted");
    const { token, rtvi } = StartReply.parse(begun?.data);
    const secrets = (texts: string[]) => secretsIn(texts.join("\n"), [token, rtvi.wsEndpoint]);

    const told = await traffic.replies();
    // That these are seen where they belong shows that they would be seen elsewhere.
    expect(secrets(told.filter((reply) => reply.includes(token)))).toEqual(["a meeting token", "a ticket"]);
    const replies = told.filter((reply) => !reply.includes(token));
    expect(traffic.messages.join()).toContain("bot-ready");
    const events = await eventsAt(rtvi.wsEndpoint);
    expect(events.join()).toContain("completed");
    const pages = await Promise.all(
      [
        `${stack.edge.url}/api/rtvi/${sessionId}`,
        `${stack.edge.url}/health?deep=1`,
        `${stack.edge.url}/client-config`,
        `${stack.bot.url}/metrics`,
      ].map(async (url) => (await fetch(url)).text()),
    );
    const { edge, bot, daily, gemini } = stack;
    for (const { lines } of [edge, bot, daily, gemini]) expect(lines.length).toBeLessThan(MAX_LINES);
    const logs = { edge: edge.lines, bot: bot.lines, daily: daily.lines, gemini: gemini.lines };
    const places = { replies, pages, messages: traffic.messages, events, ...logs };
    for (const [where, texts] of Object.entries(places)) {
      expect(texts.length, where).toBeGreaterThan(0);
      expect(secrets(texts), where).toEqual([]);
    }
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

  async function geminiSessions(): Promise<{ id: string; open: boolean }[]> {
    const sessions: { id: string; open: boolean }[] = await getJson(`${stack.gemini.url}/_emulator/sessions`);
    return sessions.map(({ id, open }) => ({ id, open }));
  }

  async function getSamples(url: string) {
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    return { sampleRate: INPUT_SAMPLE_RATE, samples: fromS16(bytes) };
  }

  function explain(): void {
    process.stderr.write(`${stack.transcript()}\n--- user's page\n${user.console.join("\n")}\n`);
  }
});

// A room stays for a while after its call. All have gone by when the last one has.
it("leaves no room behind", async () => {
  await expect.poll(() => getJson(`${stack.daily.url}/_emulator/state`), SOON).toMatchObject({ rooms: [] });
});

function firstSeconds(seconds: number): Recording {
  const { sampleRate, samples } = question;
  return { sampleRate, samples: samples.subarray(0, seconds * sampleRate) };
}

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
