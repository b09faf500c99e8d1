/**
 * A call in each language that we speak, through everything that is real, all at the same time. What the user hears is
 * told by its sound: it is the demo voice's greeting in that language, and in no other.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { LANGUAGE_STRATEGIES } from "../../bot-runtime/persona/languages/index.ts";
import type { SessionView as GeminiSession } from "../../emulators/gemini/core/session-view.ts";
import { LANGUAGE_TAGS, type Language } from "../../protocol/languages.ts";
import { envelope, readWav } from "../support/audio.ts";
import { STACK_HOOK_TIMEOUT_MS, type Stack, startStack } from "../support/stack.ts";
import { bestStretchedMatch } from "../support/stretched-speech.ts";
import { type User, UserBrowser } from "../support/user.ts";

/**
 * Agreement of two energy envelopes (Pearson) at which they are the same speech: with a load of 8 on two cores it is
 * 0.93 and more. Two of the languages agree up to 0.8.
 */
const SAME_SPEECH = 0.8;
/** By how much the language that is spoken agrees better than any other; it is 0.14 and more then. */
const CLEARLY = 0.05;
/** From the request for a greeting to its sound, so that none is spoken while other calls are being set up. */
const GREETED_AFTER_MS = 3_000;
/** More than audio needs from the bot to the user's ear. */
const ONE_WAY_MS = 500;
/** For what has to be said first. Asked seldom: each look takes time from the audio. */
const SPOKEN = { timeout: 30_000, interval: 250 };

let stack: Stack;
let browser: UserBrowser;
const users = new Map<Language, User>();
let greetings: Map<Language, Float32Array>;

beforeAll(async () => {
  stack = await startStack();
  browser = await UserBrowser.open();
  greetings = new Map(await Promise.all(LANGUAGE_TAGS.map(readGreeting)));
  await orderPace({ firstAudioMs: GREETED_AFTER_MS });
  await Promise.all(
    LANGUAGE_TAGS.map(async (language) => {
      const user = await browser.newUser();
      users.set(language, user);
      await user.connect(`${stack.edge.url}/api/rtvi/start`, `${stack.daily.url}/call-machine`, {
        user: { locale: language },
      });
    }),
  );
}, STACK_HOOK_TIMEOUT_MS);

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await stack?.[Symbol.asyncDispose]();
});

describe.each(LANGUAGE_TAGS)("a call in %s", (language) => {
  const strategy = LANGUAGE_STRATEGIES[language];

  it("is set up at Gemini in the language: instruction, voice, transcription", async () => {
    const setups = (await geminiSessions()).map(({ lastSetup }) => lastSetup);
    const instructionOf = (setup: GeminiSession["lastSetup"]) =>
      setup?.systemInstruction?.parts?.[0]?.text ?? "";
    // More than one when a connection was lost and made anew, which keeps to the language.
    const ours = setups.filter((one) => instructionOf(one).startsWith(strategy.instruction));
    expect(ours).not.toEqual([]);
    for (const setup of ours) {
      expect(instructionOf(setup).endsWith(strategy.instruction)).toBe(true);
      expect(setup).toMatchObject({
        generationConfig: {
          speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: strategy.voice } } },
        },
        inputAudioTranscription: { languageCodes: strategy.transcriptionCodes },
      });
    }
  });

  it("greets the user aloud in the language", async () => {
    const user = users.get(language);
    if (!user) throw new Error("nobody has called");
    onTestFailed(() => explain(user));
    await expect.poll(() => user.eventNames(), SPOKEN).toContain("botStoppedSpeaking");
    // The end of the greeting is announced before its last sound has crossed the room.
    const announcedAt = await user.heardMs();
    await expect.poll(() => user.heardMs(), SPOKEN).toBeGreaterThan(announcedAt + ONE_WAY_MS);

    const heard = envelope(await user.heard());
    const alike = new Map(
      [...greetings].map(([tag, greeting]) => [tag, bestStretchedMatch(greeting, heard)]),
    );
    const agreement = alike.get(language) ?? -1;
    expect(agreement).toBeGreaterThanOrEqual(SAME_SPEECH);
    for (const [tag, other] of alike) {
      if (tag !== language) expect(other, tag).toBeLessThan(agreement - CLEARLY);
    }
  });
});

async function readGreeting(language: Language): Promise<[Language, Float32Array]> {
  const file = join(import.meta.dirname, `../../emulators/gemini/clips/${language}.greeting.wav`);
  return [language, envelope(readWav(await readFile(file)))];
}

async function orderPace(pace: object): Promise<void> {
  const { ok } = await fetch(`${stack.gemini.url}/_emulator/pace`, {
    method: "POST",
    body: JSON.stringify(pace),
  });
  expect(ok).toBe(true);
}

async function geminiSessions(): Promise<GeminiSession[]> {
  const response = await fetch(`${stack.gemini.url}/_emulator/sessions`);
  return (await response.json()) as GeminiSession[]; // the emulator's own type, which it was made from
}

function explain(user: User): void {
  process.stderr.write(`${stack.transcript()}\n--- user's page\n${user.console.join("\n")}\n`);
}
