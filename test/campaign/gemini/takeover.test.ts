import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type BotPipeline,
  type BotPipelineDeps,
  createBotPipeline,
} from "../../../bot-runtime/bot-pipeline.ts";
import { createGoogleLiveConnect } from "../../../bot-runtime/gemini/google-live-connect.ts";
import type { SessionLogEvent } from "../../../bot-runtime/log-events.ts";
import { startSignal } from "../../../bot-runtime/testing/start-signal.ts";
import { startTestEmulator } from "../../../emulators/gemini/test-support/emulator.ts";
import { EMULATED_GEMINI_KEY } from "../../../protocol/development.ts";

/** A bot that takes a conversation over from another one, on real sockets: what Gemini is told of it. */

const WAIT = { timeout: 8_000, interval: 5 };
const NEVER_SPOKEN = { audio: () => {}, pause: () => {}, close: () => {} };

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
const running: BotPipeline[] = [];

beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());
beforeEach(async () => {
  await emulator.post("reset", {});
  await emulator.post("answer", { answer: { kind: "tone", hz: 440, durationMs: 300 } });
});
afterEach(async () => {
  for (const { pipeline, conversation } of running.splice(0)) {
    pipeline.stop();
    conversation.close();
  }
  await vi.waitFor(
    async () => expect((await emulator.sessions()).filter(({ open }) => open)).toEqual([]),
    WAIT,
  );
});

function start(model: string, deps: Partial<BotPipelineDeps> = {}) {
  const events: SessionLogEvent[] = [];
  const entries: string[] = [];
  const bot = createBotPipeline(startSignal({ metadata: { greet: false } }), {
    liveConnect: createGoogleLiveConnect({ apiKey: EMULATED_GEMINI_KEY, baseUrl: emulator.url }),
    openVoiceDetector: () => NEVER_SPOKEN,
    model,
    defaultVoice: undefined,
    log: (event) => events.push(event),
    onFrame: () => {},
    onEntry: ({ text }) => entries.push(text),
    onUsage: () => {},
    ...deps,
  });
  running.push(bot);
  bot.pipeline.start();
  const logged = (event: SessionLogEvent["event"]) =>
    vi.waitFor(() => expect(events.map((one) => one.event)).toContain(event), WAIT);
  return { ...bot, events, entries, logged };
}

/** All that the newest session was told. */
async function told(): Promise<string> {
  return JSON.stringify(await emulator.messages((await emulator.newestSession()).id));
}

describe("a bot that takes a conversation over", () => {
  it.each(["gemini-3.8-live", "gemini-3.1-flash-live-preview", "gemini-2.5-flash-native-audio-latest"])(
    "without a handle tells %s what was said, once",
    async (model) => {
      const at = Date.now() - 60_000;
      const bot = start(model, {
        before: () => [
          { role: "user", text: "My name is Ada.", at },
          { role: "assistant", text: "Nice to meet you, Ada.", at: at + 1_000 },
        ],
      });
      await bot.logged("gemini.retold");
      await vi.waitFor(async () => expect(await told()).toContain("Nice to meet you, Ada."), WAIT);
      bot.prompter.say("idle");
      await vi.waitFor(async () => expect((await emulator.newestSession()).turns).toBeGreaterThan(0), WAIT);
      const session = await emulator.newestSession();
      expect(session).toMatchObject({ open: true, resumedFrom: null });
      expect((await told()).match(/My name is Ada\./g)).toHaveLength(1);
      // It is in the record already.
      expect(bot.entries).toEqual([]);
      expect(bot.events.map(({ event }) => event)).not.toContain("gemini.closed");
    },
  );

  it("with the handle that the bot before has told goes on in its session, which is told nothing again", async () => {
    const handles: string[] = [];
    const first = start("gemini-3.8-live", { onHandle: (handle) => handles.push(handle) });
    await first.logged("gemini.connected");
    first.prompter.say("idle");
    await vi.waitFor(async () => expect((await emulator.newestSession()).handles).toBe(2), WAIT);
    await vi.waitFor(() => expect(handles).toHaveLength(2), WAIT);
    const before = (await emulator.newestSession()).id;
    first.pipeline.stop();

    const resume = vi.fn(() => ({ handle: handles.at(-1) ?? "" }));
    const second = start("gemini-3.8-live", {
      resume,
      before: () => [{ role: "user", text: "My name is Ada.", at: Date.now() - 60_000 }],
      onHandle: (handle) => handles.push(handle),
    });
    await second.logged("gemini.connected");
    expect(await emulator.newestSession()).toMatchObject({ resumedFrom: before, open: true });
    await vi.waitFor(() => expect(handles).toHaveLength(3), WAIT);
    expect(await told()).not.toContain("My name is Ada.");
    expect(resume).toHaveBeenCalledOnce();
    expect(JSON.stringify(second.events)).not.toContain(handles[1]);
  });
});
