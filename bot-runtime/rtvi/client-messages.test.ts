import { describe, expect, it } from "vitest";
import { readClientMessage } from "./client-messages.ts";

function message(type: string, data?: unknown, id = "1a2b3c4d") {
  return { label: "rtvi-ai", type, id, ...(data === undefined ? {} : { data }) };
}

const ABOUT = { library: "@pipecat-ai/client-js", library_version: "1.13.1" };
const BOT_READY = {
  type: "bot-ready",
  id: "1a2b3c4d",
  data: { version: "2.1.0", about: { library: "chat-vrd" } },
};

describe("readClientMessage", () => {
  it("answers client-ready with bot-ready of the same id", () => {
    expect(readClientMessage(message("client-ready", { version: "2.1.0", about: ABOUT }))).toEqual({
      kind: "ready",
      version: "2.1.0",
      replies: [BOT_READY],
    });
  });

  it("serves a client of the same major version, and one of version 1 in its own", () => {
    expect(readClientMessage(message("client-ready", { version: "2.0.0", about: ABOUT }))).toMatchObject({
      version: "2.1.0",
      replies: [BOT_READY],
    });
    expect(readClientMessage(message("client-ready", { version: "1.2.0", about: ABOUT }))).toMatchObject({
      version: "1.2.0",
      replies: [{ type: "bot-ready", data: { version: "1.2.0" } }],
    });
  });

  it.each([
    ["another major version", { version: "3.0.0", about: ABOUT }],
    ["no version", { about: ABOUT }],
    ["a malformed version", { version: "two", about: ABOUT }],
    ["a version that is too long to repeat", { version: `1.${"0".repeat(3_000)}.0`, about: ABOUT }],
    ["no data", undefined],
    ["data of another kind", "hello"],
  ])("tells a client with %s what is wrong and lets it in all the same", (_case, data) => {
    expect(readClientMessage(message("client-ready", data))).toMatchObject({
      kind: "ready",
      replies: [{ type: "error-response", id: "1a2b3c4d" }, BOT_READY],
    });
  });

  it("lets a client in whose envelope is malformed, or says nothing good about itself", () => {
    expect(readClientMessage({ label: "rtvi-ai", type: "client-ready" })).toMatchObject({
      kind: "ready",
      replies: [{ type: "error-response" }, { type: "bot-ready" }],
    });
    expect(readClientMessage(message("client-ready", { version: "2.1.0", about: 7 }))).toMatchObject({
      replies: [BOT_READY],
    });
  });

  it("ends on disconnect-bot", () => {
    expect(readClientMessage(message("disconnect-bot", {}))).toEqual({ kind: "disconnect" });
  });

  it("refuses what it does not know, by the message's id", () => {
    expect(readClientMessage(message("append-to-context", {}))).toEqual({
      kind: "refused",
      replies: [
        { type: "error-response", id: "1a2b3c4d", data: { error: "Unsupported type append-to-context" } },
      ],
    });
    for (const type of ["ui-event", "ui-snapshot", "dtmf", "llm-function-call-result"]) {
      expect(readClientMessage(message(type, {}))).toMatchObject({
        kind: "refused",
        replies: [{ type: "error-response", id: "1a2b3c4d" }],
      });
    }
  });

  it("reads an app's own message", () => {
    expect(readClientMessage(message("client-message", { t: "x", d: [1] }))).toEqual({
      kind: "message",
      id: "1a2b3c4d",
      t: "x",
      d: [1],
    });
  });

  it("reads a text, which runs aloud unless it says otherwise", () => {
    const text = (data: object) => readClientMessage(message("send-text", data));
    const spoken = { kind: "text", text: "Hi", run: true, voiced: true };
    expect(text({ content: "Hi", options: {} })).toEqual(spoken);
    expect(text({ content: "Hi" })).toEqual(spoken);
    expect(text({ content: "Hi", options: { run_immediately: false, audio_response: false } })).toEqual({
      ...spoken,
      run: false,
      voiced: false,
    });
  });

  it("reads audio that was kept by the client", () => {
    const base64 = Buffer.from(Int16Array.of(1, -2, 3).buffer).toString("base64");
    const format = { sampleRate: 16_000, numChannels: 1 };
    expect(readClientMessage(message("raw-audio", { base64Audio: base64, ...format }))).toEqual({
      kind: "audio",
      pieces: [Int16Array.of(1, -2, 3)],
    });
    expect(
      readClientMessage(message("raw-audio-batch", { base64AudioBatch: [base64, "AQ=="], ...format })),
    ).toEqual({ kind: "audio", pieces: [Int16Array.of(1, -2, 3), new Int16Array(0)] });
  });

  it.each([
    ["send-text", { content: "" }],
    ["send-text", { content: "x".repeat(16_001) }],
    ["send-text", { content: "x", options: { run_immediately: "yes" } }],
    ["client-message", {}],
    ["client-message", { t: "x".repeat(65) }],
    ["raw-audio", { base64Audio: "AAAA", sampleRate: 48_000, numChannels: 1 }],
    ["raw-audio", { base64Audio: "not base64!", sampleRate: 16_000, numChannels: 1 }],
    ["raw-audio-batch", { base64AudioBatch: "AAAA", sampleRate: 16_000, numChannels: 1 }],
  ])("refuses a %s that it cannot read: %j", (type, data) => {
    expect(readClientMessage(message(type, data))).toMatchObject({
      kind: "refused",
      replies: [{ type: "error-response", data: { error: expect.stringMatching(/^Invalid message: /) } }],
    });
  });

  it("refuses a message of ours that is malformed", () => {
    expect(readClientMessage({ label: "rtvi-ai", id: 5 })).toMatchObject({ kind: "refused" });
    expect(readClientMessage({ label: "rtvi-ai", id: "x".repeat(5_000), type: "t" })).toMatchObject({
      replies: [{ id: "x".repeat(64) }],
    });
  });

  it.each([[null], [undefined], [7], ["text"], [[]], [{}], [{ label: "other", type: "client-ready" }]])(
    "leaves %j to others",
    (data) => {
      expect(readClientMessage(data)).toEqual({ kind: "foreign" });
    },
  );
});
