import { describe, expect, test } from "vitest";
import { frameContents } from "./frames.ts";
import type { ContentMessage, ServerContent, UsageMetadata } from "./server-message.ts";

const sound = (data: string): ContentMessage => ({
  serverContent: { modelTurn: { role: "model", parts: [{ inlineData: { mimeType: "audio/pcm", data } }] } },
});
const words = (text: string): ContentMessage => ({ serverContent: { outputTranscription: { text } } });
const content = (serverContent: ServerContent): ContentMessage => ({ serverContent });
const usageMetadata: UsageMetadata = {
  promptTokenCount: 1,
  responseTokenCount: 1,
  totalTokenCount: 2,
  promptTokensDetails: [],
  responseTokensDetails: [],
};
const end: ContentMessage = {
  serverContent: { turnComplete: true, turnCompleteReason: "NEED_MORE_INPUT", interactionStatus: "IDLE" },
  usageMetadata,
};
const fields = (messages: ContentMessage[]) =>
  messages.map(({ serverContent }) => Object.keys(serverContent).join(" "));
const END = "turnComplete turnCompleteReason interactionStatus";

describe("bundled", () => {
  test("puts all of one moment into one message, and turnComplete last", () => {
    const whole = frameContents(
      [words("Hello"), words(" there."), sound("AA"), content({ generationComplete: true }), end],
      "bundled",
    );
    expect(whole).toEqual([
      {
        serverContent: {
          outputTranscription: { text: "Hello there." },
          modelTurn: sound("AA").serverContent.modelTurn,
          generationComplete: true,
          ...end.serverContent,
        },
        usageMetadata,
      },
    ]);
    expect(fields(whole)).toEqual([`outputTranscription modelTurn generationComplete ${END}`]);
  });

  test("keeps `interrupted` alone, and puts nothing behind a turnComplete", () => {
    const framed = frameContents(
      [content({ interrupted: true }), end, words("late"), sound("AA")],
      "bundled",
    );
    expect(fields(framed)).toEqual(["interrupted", END, "outputTranscription modelTurn"]);
  });

  test("makes no larger piece of sound out of two", () => {
    expect(frameContents([sound("AA"), sound("BB")], "bundled")).toEqual([sound("AA"), sound("BB")]);
  });

  test("keeps what the last piece of a transcription says of it", () => {
    const framed = frameContents(
      [
        content({ inputTranscription: { text: "(2", languageCode: "en-US" } }),
        content({ inputTranscription: { text: " s)", languageCode: "en-US", finished: true } }),
        content({ outputTranscription: {} }),
        content({ outputTranscription: {} }),
      ],
      "bundled",
    );
    expect(framed).toEqual([
      content({
        inputTranscription: { text: "(2 s)", languageCode: "en-US", finished: true },
        outputTranscription: {},
      }),
    ]);
  });
});

describe("split", () => {
  test("gives each field a message, but what belongs to turnComplete stays with it", () => {
    const whole = content({
      ...words("Hello").serverContent,
      ...sound("AA").serverContent,
      generationComplete: true,
    });
    const framed = frameContents([whole, end], "split");
    expect(framed).toEqual([words("Hello"), sound("AA"), content({ generationComplete: true }), end]);
    const [both] = frameContents([whole, end], "bundled");
    expect(frameContents(both ? [both] : [], "split")).toEqual(framed);
  });

  test("leaves out nothing", () => {
    const every: Required<ServerContent> = {
      interrupted: true,
      inputTranscription: { text: "a" },
      interimInputTranscription: { text: "b" },
      outputTranscription: { text: "c" },
      modelTurn: { role: "model", parts: [] },
      groundingMetadata: {},
      urlContextMetadata: {},
      generationComplete: true,
      waitingForInput: true,
      turnComplete: true,
      turnCompleteReason: "NEED_MORE_INPUT",
      interactionStatus: "IDLE",
    };
    const framed = frameContents([content(every)], "split");
    expect(Object.assign({}, ...framed.map(({ serverContent }) => serverContent))).toEqual(every);
    expect(fields(framed)).toEqual([...Object.keys(every).slice(0, -3), END]);
  });
});
