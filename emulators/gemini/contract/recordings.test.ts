import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { EMULATED_GEMINI_KEY } from "../../../protocol/development.ts";
import { bytesOf } from "../core/pcm.ts";
import { EMULATED_VERTEX_TOKEN } from "../settings.ts";
import { holdTime, passUntil, startTestEmulator } from "../test-support/emulator.ts";
import { LIVE_PATH, VERTEX_PATH } from "../test-support/paths.ts";
import { VERTEX_PREFIX } from "../test-support/setups.ts";
import { shapeOf, shapeProblems } from "../test-support/shapes.ts";
import { sequence, speechLike } from "../test-support/signals.ts";
import { RECORDED_CLIENT_MESSAGES, RECORDED_SERVER_MESSAGES } from "./fixtures/recorded.ts";

/** The emulator beside what was recorded of the real service, and beside what the official client declares. */

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

const TOOLS = [{ functionDeclarations: [{ name: "find_train" }] }];
const MANUAL = { realtimeInputConfig: { automaticActivityDetection: { disabled: true } } };

/** The address, and the models of it. */
const DOORS = {
  gemini: { options: { path: `${LIVE_PATH}?key=${EMULATED_GEMINI_KEY}` }, prefix: "models/" },
  vertex: {
    options: { path: VERTEX_PATH, headers: { authorization: `Bearer ${EMULATED_VERTEX_TOKEN}` } },
    prefix: VERTEX_PREFIX,
  },
} as const;

type Opened = Awaited<ReturnType<typeof emulator.openSocket>>;

const messagesOf = ({ frames }: Opened): unknown[] => frames.map(({ data }) => JSON.parse(data));
const said = (opened: Opened, field: string) => opened.frames.some(({ data }) => data.includes(`"${field}"`));

/** The newest session's model calls a function, which is under way when this resolves. */
async function callFunction(opened: Opened, call: object): Promise<void> {
  const { id: session } = await emulator.newestSession();
  expect((await emulator.post("faults", { fault: "toolCall", ...call, session })).status).toBe(200);
  await vi.waitFor(() => expect(said(opened, "functionCalls")).toBe(true));
}

describe("takes what was recorded of clients", () => {
  test.each(
    RECORDED_CLIENT_MESSAGES.map((recorded, i) => ({ ...recorded, name: `${i + 1} ${recorded.recording}` })),
  )("$door: $name", async ({ door, example, shape, after }) => {
    expect(shapeOf(example)).toEqual(shape);
    const { options, prefix } = DOORS[door];
    const opened = await emulator.openSocket(options);
    if (after) {
      const setup = {
        model: `${prefix}gemini-3.8-live`,
        tools: TOOLS,
        ...(after === "manualSetup" && MANUAL),
      };
      opened.tell({ setup });
      await vi.waitFor(() => expect(said(opened, "setupComplete")).toBe(true));
    }
    if (after === "toolCall") await callFunction(opened, { name: "find_train", id: "call-1" });
    opened.tell(example);
    // A setup is answered. What is said after it is in the session's log, which it is not when it was refused.
    await vi.waitFor(async () => {
      const { id, open, closed } = await emulator.newestSession();
      expect({ open, closed }).toEqual({ open: true, closed: null });
      const directions = (await emulator.messages(id)).map(({ direction }) => direction);
      expect(directions.filter((direction) => direction === "in")).toHaveLength(after ? 2 : 1);
      if (!after) expect(said(opened, "setupComplete")).toBe(true);
    });
  });
});

/** All that an emulated session says to a talkative and impatient user, at one address, by one model. */
async function talk(door: keyof typeof DOORS, model: string): Promise<unknown[]> {
  const { options, prefix } = DOORS[door];
  const opened = await emulator.openSession(
    {
      model: `${prefix}${model}`,
      ...(model.includes("translate")
        ? { generationConfig: { translationConfig: { targetLanguageCode: "de" } } }
        : { tools: TOOLS }),
      inputAudioTranscription: {},
      outputAudioTranscription: {},
      sessionResumption: door === "vertex" ? { transparent: true } : {},
      ...(door === "vertex" && { explicitVadSignal: true }),
    },
    options,
  );
  const { id: session } = await emulator.newestSession();
  const order = (fault: object) => emulator.post("faults", { ...fault, session });
  holdTime();
  const turns = () => opened.frames.filter(({ data }) => data.includes('"turnComplete"')).length;
  const speak = (speechMs: number) => {
    const pcm = sequence(200, speechLike({ ms: speechMs }), 1_000);
    for (let at = 0; at < pcm.length; at += 1_600) {
      const data = bytesOf(pcm.subarray(at, at + 1_600)).toString("base64");
      opened.tell({ realtimeInput: { audio: { data, mimeType: "audio/pcm;rate=16000" } } });
    }
  };

  speak(900);
  await passUntil(() => said(opened, "modelTurn"));
  speak(900);
  await passUntil(() => said(opened, "interrupted") && turns() >= 2);
  if (!model.includes("translate")) {
    await order({ fault: "toolCall", name: "find_train", args: { location: "Delft" }, id: "call-1" });
    await passUntil(() => said(opened, "functionCalls"));
    const functionResponses = [{ id: "call-1", name: "find_train", response: { output: "10:04" } }];
    const before = turns();
    opened.tell({ toolResponse: { functionResponses } });
    await passUntil(() => turns() > before);
    await order({ fault: "toolCall", calls: [{ name: "find_train" }, { name: "find_train" }] });
    speak(900);
    await passUntil(() => turns() > before + 1);
  }
  await order({ fault: "goAway", timeLeftMs: 1_500 });
  await passUntil(() => said(opened, "goAway"));
  return messagesOf(opened);
}

describe("says nothing that Google does not", () => {
  test.each([
    ["gemini", "gemini-3.8-live"],
    ["gemini", "gemini-3.1-flash-live-preview"],
    ["gemini", "gemini-2.5-flash-native-audio-latest"],
    ["gemini", "gemini-3.5-live-translate-preview"],
    ["vertex", "gemini-3.8-live"],
    ["vertex", "gemini-live-2.5-flash-native-audio"],
  ] as const)(
    "%s: %s",
    async (door, model) => {
      const messages = await talk(door, model);
      expect(messages.flatMap(shapeProblems)).toEqual([]);
      const kinds = new Set(messages.flatMap((message) => Object.keys(message as object))); // parsed objects
      expect([...kinds]).toEqual(
        expect.arrayContaining(["setupComplete", "serverContent", "sessionResumptionUpdate", "goAway"]),
      );
    },
    20_000,
  );

  // The model whose messages are laid out as those that were recorded: with one field in each.
  test.each([
    ["gemini", "gemini-2.5-flash-native-audio-latest"],
    ["vertex", "gemini-live-2.5-flash-native-audio"],
  ] as const)(
    "and all that was recorded: %s",
    async (door, model) => {
      const shapes = (await talk(door, model)).map((message) => shapeOf(message));
      const recorded = RECORDED_SERVER_MESSAGES.filter((one) => one.door === door && !one.missing);
      const unsaid = recorded.filter(({ shape }) => !shapes.some((said) => holds(said, shape)));
      expect(unsaid).toEqual([]);
      expect(recorded.length).toBeGreaterThan(4);
    },
    20_000,
  );

  test("and a checker that finds what is wrong", () => {
    expect(shapeProblems({ setupComplete: {} })).toEqual([]);
    expect(shapeProblems({ setupComplete: { id: "1" } })).toEqual([
      expect.stringMatching(/^setupComplete: /),
    ]);
    expect(shapeProblems({ serverContent: { turnComplete: "yes" } })).toEqual([
      expect.stringMatching(/^serverContent\.turnComplete: /),
    ]);
    expect(shapeProblems({ goAway: { timeLeft: "50" } })).toEqual([
      expect.stringMatching(/^goAway\.timeLeft/),
    ]);
    expect(shapeProblems({})).toEqual([": has not exactly one kind"]);
    expect(shapeProblems({ setupComplete: {}, goAway: { timeLeft: "1s" } })).toEqual([
      ": has not exactly one kind",
    ]);
  });
});

/** The emulator may say more in a message than was recorded, such as where a turn stands at its end. */
function holds(shape: Record<string, string>, recorded: object): boolean {
  return Object.entries(recorded).every(([path, type]) => shape[path] === type);
}
