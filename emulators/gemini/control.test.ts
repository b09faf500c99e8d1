import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { EMULATED_GEMINI_KEY } from "../../protocol/development.ts";
import { audioOf, holdTime, is, passUntil, startTestEmulator } from "./test-support/emulator.ts";
import { LIVE_PATH } from "./test-support/paths.ts";

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

describe("the control API", () => {
  test("orders answers for one session or for all", async () => {
    const [one, id] = [await emulator.connect(), (await emulator.newestSession()).id];
    const other = await emulator.connect();
    await emulator.post("answer", { answer: { kind: "silence", durationMs: 100 } });
    await emulator.post("answer", { answer: { kind: "tone", hz: 1000, durationMs: 100 }, session: id });
    holdTime();
    one.session.sendRealtimeInput({ text: "Hello" });
    other.session.sendRealtimeInput({ text: "Hello" });
    await passUntil(() => [one, other].every(({ messages }) => messages.some(is("turnComplete"))));
    expect(audioOf(one.messages)[0]?.some((sample) => sample !== 0)).toBe(true);
    expect(audioOf(other.messages)).toEqual([new Int16Array(2400)]);
    await emulator.post("reset", {});
  });

  test.each([
    ["GET", "/_emulator/nothing", undefined, 404],
    ["GET", "/_emulator/sessions/none/audio", undefined, 404],
    ["GET", "/_emulator/sessions/none", undefined, 404],
    ["POST", "/_emulator/sessions", "{}", 405],
    ["GET", "/_emulator/faults", undefined, 405],
    ["POST", "/_emulator/faults", "{", 400],
    ["POST", "/_emulator/faults", '{"fault":"earthquake"}', 400],
    ["POST", "/_emulator/faults", '{"fault":"close","code":1006}', 400],
    ["POST", "/_emulator/faults", '{"fault":"refuse","status":503,"session":"live-1"}', 400],
    ["POST", "/_emulator/faults", '{"fault":"drop","session":"none"}', 404],
    ["POST", "/_emulator/answer", '{"answer":{"kind":"tone","hz":440,"durationMs":1e12}}', 400],
    ["POST", "/_emulator/answer", '{"answer":{"kind":"demo"},"session":"none"}', 404],
    ["POST", "/_emulator/answer", `"${"x".repeat(70_000)}"`, 413],
    ["GET", "/v1beta/cachedContents", undefined, 404],
    ["GET", "//ws/google.ai.generativelanguage.v1.GenerativeService.BidiGenerateContent", undefined, 426],
  ])("%s %s %s is refused", async (method, path, body, status) => {
    const response = await fetch(`${emulator.url}${path}`, { method, body: body ?? null });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      error: { code: status, message: expect.any(String), status: expect.stringMatching(/^[A-Z_]+$/) },
    });
  });

  test.each([
    ["a page of another site", { origin: "https://example.com" }, 403],
    ["a sandboxed page", { origin: "null" }, 403],
    ["a name that somebody points at 127.0.0.1", { host: "rebind.example.com" }, 403],
    ["a page of this machine", { origin: "http://localhost:8787" }, 200],
  ])("%s", async (_, headers, status) => {
    // fetch() does not let a caller set Host
    const answered = new Promise<number | undefined>((resolve, reject) => {
      httpRequest(`${emulator.url}/_emulator/sessions`, { headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(await answered).toBe(status);
  });

  test("a foreign page cannot open a session either", async () => {
    const socket = new WebSocket(`${emulator.url}${LIVE_PATH}?key=${EMULATED_GEMINI_KEY}`, {
      origin: "https://example.com",
    });
    const error = await new Promise<Error>((resolve) => socket.on("error", resolve));
    expect(error.message).toContain("403");
  });
});
