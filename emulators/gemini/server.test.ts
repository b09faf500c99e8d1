import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { EMULATED_GEMINI_KEY } from "../../protocol/development.ts";
import { startGeminiEmulator } from "./server.ts";
import {
  audioOf,
  CONFIG,
  holdTime,
  is,
  passUntil,
  samplesIn,
  speak,
  startTestEmulator,
  textOf,
} from "./test-support/emulator.ts";
import { LIVE_PATH } from "./test-support/paths.ts";
import { sequence, speechLike } from "./test-support/signals.ts";

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());

describe("with the official client", () => {
  test("greets, says what it says, and lets itself be watched", async () => {
    const { session, messages } = await emulator.connect();
    holdTime();
    session.sendClientContent({ turns: "Greet the user.", turnComplete: true });
    await passUntil(() => messages.some(is("turnComplete")));

    expect(textOf(messages)).toBe("This is the offline demo. Say something and I will repeat it.");
    expect(messages.findIndex(is("generationComplete"))).toBeLessThan(messages.findIndex(is("turnComplete")));
    const sounds = audioOf(messages);
    expect(sounds[0]).toHaveLength(4_800);
    expect(sounds[1]).toHaveLength(5_760);
    const usage = messages.find(is("turnComplete"))?.usageMetadata;
    expect(usage?.responseTokenCount).toBe(Math.round((samplesIn(sounds) / 24_000) * 25));

    const view = await emulator.newestSession();
    expect(view).toMatchObject({ model: "models/gemini-3.8-live", open: true, turns: 1, language: "en-US" });
    expect(view.lastSetup?.outputAudioTranscription).toEqual({});
    expect(samplesIn([await emulator.recording(view.id, "sent")])).toBe(samplesIn(sounds));
  });

  test("repeats what it heard, and what it heard can be had", async () => {
    const { session, messages } = await emulator.connect();
    holdTime();
    const heard = sequence(400, speechLike({ ms: 1200 }), 800);
    speak(session, heard);
    await passUntil(() => messages.some(is("generationComplete")));

    expect(textOf(messages)).toBe("You said:");
    const transcription = messages.find(({ serverContent }) => serverContent?.inputTranscription);
    expect(transcription?.serverContent?.inputTranscription?.text).toMatch(/^\(1\.[12]$/);
    // lead-in 0.5 s, pause, the speech with its margins
    expect(samplesIn(audioOf(messages)) / 24_000).toBeGreaterThan(0.5 + 0.15 + 1.2);

    const { id, receivedAudioMs } = await emulator.newestSession();
    expect(receivedAudioMs).toBe(2400);
    expect(await emulator.recording(id, "audio")).toEqual(heard);
  });

  test("is interrupted by speech, and sends no more sound of that answer", async () => {
    const { session, messages } = await emulator.connect();
    holdTime();
    session.sendClientContent({ turns: "Greet the user.", turnComplete: true });
    await passUntil(() => audioOf(messages).length > 2);
    speak(session, sequence(200, speechLike({ ms: 400 })));
    await passUntil(() => messages.some(is("turnComplete")));

    const interrupted = messages.findIndex(is("interrupted"));
    expect(interrupted).toBeGreaterThan(0);
    expect(messages.some(is("generationComplete"))).toBe(false);
    expect(audioOf(messages.slice(interrupted))).toEqual([]);
  });

  test("resumes with a handle, and not with one that nobody gave", async () => {
    const first = await emulator.connect({ ...CONFIG, sessionResumption: {} });
    await vi.waitFor(() => expect(first.messages.some((m) => m.sessionResumptionUpdate)).toBe(true));
    const update = first.messages.find((m) => m.sessionResumptionUpdate)?.sessionResumptionUpdate;
    expect(update).toMatchObject({ resumable: true, newHandle: expect.stringMatching(/^Ci/) });
    const { id } = await emulator.newestSession();
    // While its session is open it is good for nothing.
    const sessionResumption = { handle: update?.newHandle ?? "" };
    await expect(emulator.connect({ ...CONFIG, sessionResumption })).rejects.toThrow(/1011.*Internal error/);
    first.session.close();
    await vi.waitFor(() => expect(first.closes).toHaveLength(1));

    await emulator.connect({ ...CONFIG, sessionResumption });
    expect(await emulator.newestSession()).toMatchObject({ resumedFrom: id });
    await expect(emulator.connect({ ...CONFIG, sessionResumption: { handle: "bogus" } })).rejects.toThrow(
      /1008.*BidiGenerateContent session not found/,
    );
  });

  test("refuses a wrong key and an unknown model with Google's words", async () => {
    await expect(emulator.connect(CONFIG, { apiKey: "wrong" })).rejects.toThrow(/1007.*API key not valid/);
    await expect(emulator.connect(CONFIG, { model: "gemini-9-live" })).rejects.toThrow(
      /1008.*models\/gemini-9-live is not found for API version v1beta/,
    );
  });
});

describe("on the wire", () => {
  test("messages are binary frames of indented JSON, uncompressed", async () => {
    const { socket, frames } = await emulator.openSocket();
    expect(socket.extensions).toBe("");
    socket.send('{"setup":{"model":"models/gemini-3.8-live"}}');
    await vi.waitFor(() =>
      expect(frames).toEqual([{ data: '{\n  "setupComplete": {}\n}\n', isBinary: true }]),
    );
  });

  test.each([
    ["what is not JSON", "{", /^Invalid JSON payload received\./],
    ["what is no object", "7", /^Invalid JSON payload received\./],
    ["an unknown field", '{"setUp":{}}', /^Invalid JSON payload received. Unknown name "setUp": Cannot find/],
    [
      "an unknown field of the setup",
      '{"setup":{"model":"models/gemini-3.8-live","voice":"Kore"}}',
      /^Invalid JSON payload received\. Unknown name "voice" at 'setup': Cannot find field\.$/,
    ],
  ])("closes with 1007 on %s", async (_, text, reason) => {
    const { socket, closed } = await emulator.openSocket();
    socket.send(text);
    expect(await closed).toEqual({ code: 1007, reason: expect.stringMatching(reason) });
  });

  test("survives hostile frames, and goes on serving others", async () => {
    const huge = await emulator.openSocket();
    huge.socket.send(Buffer.alloc(5 * 1024 * 1024, "x"));
    expect((await huge.closed).code).toBe(1009);

    const nested = await emulator.openSocket();
    nested.socket.send("[".repeat(1_000_000));
    expect((await nested.closed).code).toBe(1007);

    const deep = await emulator.openSocket();
    const lists = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    deep.socket.send(
      `{"setup":{"model":"models/gemini-3.8-live","generationConfig":{"thinkingConfig":{"a":${lists}}}}}`,
    );
    expect(await deep.closed).toEqual({
      code: 1007,
      reason: "Invalid JSON payload received. Message too deep.",
    });
    await emulator.connect();
    expect((await emulator.newestSession()).open).toBe(true);
  });
});

test("close ends every session and the server, twice without harm", async () => {
  const another = await startGeminiEmulator({ port: 0 });
  const socket = new WebSocket(`${another.url}${LIVE_PATH}?key=${EMULATED_GEMINI_KEY}`);
  await new Promise((resolve) => socket.on("open", resolve));
  const closed = new Promise((resolve) => socket.on("close", resolve));
  await Promise.all([another.close(), another.close()]);
  expect(await closed).toBe(1001);
  await expect(fetch(`${another.url}/_emulator/sessions`)).rejects.toThrow();
});

test("close lets in nobody who asks while it waits for a client that does not let go", async () => {
  const another = await startGeminiEmulator({ port: 0 });
  const { port } = new URL(another.url);
  const stubborn = new WebSocket(`${another.url}${LIVE_PATH}?key=${EMULATED_GEMINI_KEY}`);
  await once(stubborn, "open");
  stubborn.pause();
  const late = connect(Number(port), "127.0.0.1");
  late.write(`GET ${LIVE_PATH}?key=${EMULATED_GEMINI_KEY} HTTP/1.1\r\nhost: localhost\r\n`);
  // The server has read the first half once it has answered somebody who came later.
  await fetch(`${another.url}/_emulator/sessions`);
  const closing = another.close();
  late.write("connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n");
  late.write("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  const answer = late.toArray();
  await closing;
  expect(Buffer.concat(await answer).toString()).not.toContain("101");
  stubborn.terminate();
});

test("close does not wait for a client that was refused and keeps its half of the connection", async () => {
  const another = await startGeminiEmulator({ port: 0 });
  const { port } = new URL(another.url);
  const refused = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => {
    refused.destroy();
  });
  refused.write(
    "GET /nothing HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
  );
  refused.resume();
  await once(refused, "end");
  await another.close();
});
