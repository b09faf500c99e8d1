import type { LiveServerMessage } from "@google/genai";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { holdTime, passUntil, startTestEmulator } from "../test-support/emulator.ts";
import { shapeProblems } from "../test-support/shapes.ts";

/** Faults of single frames, and of the way in which all are laid out. */

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());
beforeEach(async () => {
  await emulator.post("reset", {});
});

describe("frames", () => {
  /** A bare session: the official client does not survive all of these. */
  async function bare(setup: object = { outputAudioTranscription: {} }) {
    const opened = await emulator.openSession(setup);
    const { id } = await emulator.newestSession();
    opened.frames.length = 0;
    return {
      ...opened,
      order: (fault: object) => emulator.post("faults", { ...fault, session: id }),
      /** Asks by text, and waits for the whole answer. */
      async ask() {
        opened.tell({ realtimeInput: { text: "Hello" } });
        await passUntil(() => opened.frames.some(({ data }) => data.includes('"turnComplete"')));
        return opened.frames.map(({ data }) => JSON.parse(data));
      },
    };
  }

  test("malformed sends one that is no JSON", async () => {
    const { frames, order } = await bare();
    await order({ fault: "malformed" });
    await vi.waitFor(() => expect(frames).toHaveLength(1));
    expect(() => JSON.parse(frames[0]?.data ?? "{}")).toThrow(SyntaxError);
  });

  test("truncatedUtf8 sends one that ends within a character", async () => {
    const { socket, order } = await bare();
    const frame = new Promise<Buffer>((resolve) => {
      socket.once("message", (data) => resolve(Buffer.from(data as Buffer))); // ws delivers Buffers by default
    });
    await order({ fault: "truncatedUtf8" });
    const bytes = await frame;
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)).toThrow(TypeError);
    expect(new TextDecoder().decode(bytes)).toMatch(/^\{"serverContent".*caf\ufffd$/);
  });

  test("oversizedFrame sends one of so many bytes, which is in order", async () => {
    const { frames, order } = await bare();
    await order({ fault: "oversizedFrame", bytes: 3_000_000 });
    await vi.waitFor(() => expect(frames).toHaveLength(1));
    expect(frames[0]?.data).toHaveLength(3_000_000);
    expect(shapeProblems(JSON.parse(frames[0]?.data ?? ""))).toEqual([]);
  });

  test("unknownFields adds to so many messages what nobody knows, and takes nothing away", async () => {
    const { order, ask } = await bare();
    await order({ fault: "unknownFields", count: 2 });
    holdTime();
    const messages = await ask();
    const strange = messages.map((message) => shapeProblems(message).length > 0);
    expect(strange.slice(0, 3)).toEqual([true, true, false]);
    expect(messages[0].serverContent.modelTurn.parts).toMatchObject([
      { emulatedUnknownField: {} },
      { inlineData: { mimeType: "audio/pcm;rate=24000" } },
    ]);
    expect(messages[0].serverContent.outputTranscription.text).toMatch(/^This/);
  });

  test("textFrames makes them text, until reset", async () => {
    const { frames, order, ask } = await bare();
    await order({ fault: "textFrames" });
    holdTime();
    await ask();
    expect(new Set(frames.map(({ isBinary }) => isBinary))).toEqual(new Set([false]));
    await emulator.post("reset", {});
    frames.length = 0;
    await ask();
    expect(new Set(frames.map(({ isBinary }) => isBinary))).toEqual(new Set([true]));
  });

  test("splitFrames gives each field of a 3.8 model a message, until reset", async () => {
    const { frames, order, ask } = await bare();
    await order({ fault: "splitFrames" });
    holdTime();
    const isSplit = ({ serverContent }: LiveServerMessage) =>
      serverContent?.turnComplete === true || Object.keys(serverContent ?? {}).length === 1;
    expect((await ask()).every(isSplit)).toBe(true);
    await emulator.post("reset", {});
    frames.length = 0;
    expect((await ask()).every(isSplit)).toBe(false);
  });

  test("bundledFrames puts all of one moment of a 2.5 model into one message", async () => {
    const { order, ask } = await bare({
      model: "models/gemini-2.5-flash-native-audio-latest",
      outputAudioTranscription: {},
    });
    await order({ fault: "bundledFrames" });
    holdTime();
    const [first] = await ask();
    expect(Object.keys(first.serverContent)).toEqual(["outputTranscription", "modelTurn"]);
  });

  test("message sends what was ordered, as it stands", async () => {
    const { frames, order } = await bare();
    const message = { serverContent: { waitingForInput: true } };
    await order({ fault: "message", message });
    await vi.waitFor(() => expect(frames.map(({ data }) => JSON.parse(data))).toEqual([message]));
  });
});
