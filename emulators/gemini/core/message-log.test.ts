import { describe, expect, test } from "vitest";
import { MAX_LOGGED, MessageLog } from "./message-log.ts";

describe("MessageLog", () => {
  test("keeps the last messages", () => {
    const log = new MessageLog();
    for (let i = 0; i < MAX_LOGGED + 3; i++) log.heard({ i });
    expect(log.entries).toHaveLength(MAX_LOGGED);
    expect(log.entries[0]?.message).toEqual({ i: 3 });
  });

  test("makes one entry of sound in a row, of one kind", () => {
    const log = new MessageLog();
    for (let i = 0; i < 3; i++) log.heardAudio(640, 16_000);
    log.heardAudio(640, 8_000);
    log.said({ setupComplete: {} });
    log.heardAudio(640, 8_000);
    expect(log.entries).toMatchObject([
      { times: 3, message: { realtimeInput: { audio: { data: 1_920, mimeType: "audio/pcm;rate=16000" } } } },
      { times: 1, message: { realtimeInput: { audio: { data: 640 } } } },
      { direction: "out" },
      { times: 1, message: { realtimeInput: { audio: { data: 640 } } } },
    ]);
    expect(log.entries[2]).not.toHaveProperty("times");
  });

  test("puts sizes in place of sound and pictures, and hides handles", () => {
    const log = new MessageLog();
    log.heard({ setup: { sessionResumption: { handle: "secret" }, data: "kept" } });
    log.said({
      part: { inlineData: { mimeType: "audio/pcm", data: Buffer.alloc(9_600).toString("base64") } },
    });
    log.said({ sessionResumptionUpdate: { newHandle: "", resumable: false } });
    expect(log.entries.map(({ message }) => message)).toEqual([
      { setup: { sessionResumption: { handle: "(handle)" }, data: "kept" } },
      { part: { inlineData: { mimeType: "audio/pcm", data: 9_600 } } },
      { sessionResumptionUpdate: { newHandle: "", resumable: false } },
    ]);
  });

  test("keeps little of what is huge", () => {
    const log = new MessageLog();
    log.heard({ text: "x".repeat(1_000_000) });
    log.heard({ list: Array.from({ length: 100_000 }, () => ({ a: ["x".repeat(1_000)] })) });
    for (const { message } of log.entries) expect(JSON.stringify(message).length).toBeLessThan(100_000);
    expect(log.entries[0]?.message).toEqual({ text: `${"x".repeat(200)}… (1000000 characters)` });
  });
});
