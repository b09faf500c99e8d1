import type { LiveConnectConfig, LiveServerMessage } from "@google/genai";
import type { AnswerKind } from "../core/answer.ts";
import {
  audioOf,
  CONFIG,
  type ConnectOptions,
  is,
  passUntil,
  speak,
  type startTestEmulator,
} from "./emulator.ts";
import { sequence, speechLike } from "./signals.ts";

/** Sessions of the official client, with what contract tests do with one. */

export const LIVE_25: ConnectOptions = { model: "gemini-2.5-flash-native-audio-latest" };
/** A setup with two functions. */
export const TOOLS: LiveConnectConfig = {
  ...CONFIG,
  tools: [{ functionDeclarations: [{ name: "look" }, { name: "find" }] }],
};
/** A question, with the pause that ends it. */
export const QUESTION = sequence(400, speechLike({ ms: 1_200 }), 800);
export const TONE = { kind: "tone", hz: 440, durationMs: 2_000, level: 0.3 } as const satisfies AnswerKind;

/** A session that is open, with what a test orders of it alone. */
export async function startLive(
  emulator: Awaited<ReturnType<typeof startTestEmulator>>,
  config: LiveConnectConfig = CONFIG,
  options: ConnectOptions = {},
) {
  const connected = await emulator.connect(config, options);
  const { id } = await emulator.newestSession();
  const { messages, session } = connected;
  const turns = () => messages.filter(is("turnComplete")).length;
  return {
    ...connected,
    id,
    /** Turns of the model that are over. */
    turns,
    order: (fault: object) => emulator.post("faults", { ...fault, session: id }),
    answer: (answer: object) => emulator.post("answer", { answer, session: id }),
    /** Asks by text, and waits for the whole answer. */
    async ask() {
      const before = turns();
      session.sendRealtimeInput({ text: "Hello" });
      await passUntil(() => turns() > before);
    },
    /** Waits until some sound of an answer has come, then speaks and waits for the end of that answer. */
    async interrupt() {
      const before = turns();
      session.sendRealtimeInput({ text: "Hello" });
      await passUntil(() => audioOf(messages).length > 2);
      speak(session, sequence(200, speechLike({ ms: 400 })));
      await passUntil(() => turns() > before);
    },
  };
}

export const contents = (messages: LiveServerMessage[]) =>
  messages.flatMap(({ serverContent }) => (serverContent ? [serverContent] : []));

/** The fields of each content, without those that go with turnComplete. */
export const layout = (messages: LiveServerMessage[]) =>
  contents(messages).map((content) =>
    Object.keys(content)
      .filter((field) => field !== "turnCompleteReason" && field !== "interactionStatus")
      .join(" "),
  );
