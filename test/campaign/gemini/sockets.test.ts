import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { RememberedTurn } from "../../../bot-runtime/gemini/briefing.ts";
import { GeminiLive, type GeminiNote } from "../../../bot-runtime/gemini/gemini-live.ts";
import {
  createGoogleLiveConnect,
  type GoogleLiveOptions,
} from "../../../bot-runtime/gemini/google-live-connect.ts";
import type { Frame } from "../../../bot-runtime/pipeline/frame.ts";
import { runProcessor } from "../../../bot-runtime/testing/run-processor.ts";
import { EMULATED_VERTEX_TOKEN } from "../../../emulators/gemini/settings.ts";
import { startTestEmulator } from "../../../emulators/gemini/test-support/emulator.ts";
import { speechLike } from "../../../emulators/gemini/test-support/signals.ts";
import { EMULATED_GEMINI_KEY } from "../../../protocol/development.ts";

/** The guarded session with the real client on real sockets, and an emulator that fails by order. */

let emulator: Awaited<ReturnType<typeof startTestEmulator>>;
const running: (() => void)[] = [];

beforeAll(async () => {
  emulator = await startTestEmulator();
});
afterAll(() => emulator.close());
beforeEach(async () => {
  await emulator.post("reset", {});
  await emulator.post("answer", { answer: { kind: "tone", hz: 440, durationMs: 400 } });
});
afterEach(async () => {
  for (const stop of running.splice(0)) stop();
  await vi.waitFor(async () => expect((await emulator.sessions()).filter(({ open }) => open)).toEqual([]));
});

interface CallOptions {
  model?: string;
  account?: GoogleLiveOptions;
  conversation?: RememberedTurn[];
  connectDeadlineMs?: number;
}

function start({
  model = "gemini-3.8-live",
  account,
  conversation = [],
  connectDeadlineMs,
}: CallOptions = {}) {
  const notes: GeminiNote[] = [];
  const options: GoogleLiveOptions = {
    ...(account ?? { apiKey: EMULATED_GEMINI_KEY }),
    baseUrl: emulator.url,
    ...(connectDeadlineMs === undefined ? {} : { connectDeadlineMs }),
  };
  const run = runProcessor(
    new GeminiLive({
      connect: createGoogleLiveConnect(options),
      setup: { model, language: "en-US", systemInstruction: "RESPOND ONLY IN ENGLISH (US)." },
      conversation: () => conversation,
      onNote: (note) => notes.push(note),
    }),
  );
  running.push(run.stop);
  const types = () => run.down.map(({ type }) => type);
  const count = (type: Frame["type"]) => types().filter((one) => one === type).length;
  return {
    ...run,
    notes,
    types,
    count,
    until: (type: Frame["type"], times = 1) =>
      vi.waitFor(() => expect(count(type)).toBeGreaterThanOrEqual(times), { timeout: 8_000, interval: 5 }),
    noted: (kind: GeminiNote["kind"], times = 1) =>
      vi.waitFor(
        () => expect(notes.filter((note) => note.kind === kind).length).toBeGreaterThanOrEqual(times),
        {
          timeout: 8_000,
          interval: 5,
        },
      ),
    write: (text: string) => run.sendDown({ type: "user-message", text, respond: true }),
    statuses: () => run.down.flatMap((frame) => (frame.type === "assistant-status" ? [frame.status] : [])),
  };
}

/** What the newest session was told in words. */
async function told(): Promise<string> {
  return JSON.stringify(await emulator.messages((await emulator.newestSession()).id));
}

const setupOf = (view: { lastSetup: unknown }) => JSON.stringify(view.lastSetup);

describe("the guarded session on real sockets", () => {
  it("goes on after a connection that broke, and knows what was said", async () => {
    const call = start();
    await call.noted("connected");
    call.write("Hello");
    await call.until("answer-ended");
    // The handle that knows of the answer comes right behind it.
    await vi.waitFor(async () => expect((await emulator.newestSession()).handles).toBe(2));
    await emulator.post("faults", { fault: "drop", session: (await emulator.newestSession()).id });
    await call.noted("connected", 2);
    expect(call.statuses()).toEqual([{ kind: "away" }, { kind: "back", memory: "kept" }]);
    expect(await emulator.newestSession()).toMatchObject({ resumedFrom: expect.stringMatching(/^live-/) });
    call.write("And now?");
    await call.until("answer-ended", 2);
  });

  it("goes on with an answer that an error cut off, under the next number", async () => {
    const call = start();
    await emulator.post("answer", { answer: { kind: "tone", hz: 440, durationMs: 3_000 } });
    await call.noted("connected");
    await emulator.post("faults", {
      fault: "close",
      code: 1011,
      reason: "Internal error encountered.",
      at: "duringAnswer",
      session: (await emulator.newestSession()).id,
    });
    call.write("Tell me a story");
    await call.until("answer-started", 2);
    expect(call.statuses()[0]).toEqual({ kind: "cut" });
    const numbers = call.down.flatMap((frame) => (frame.type === "answer-started" ? [frame.generation] : []));
    expect(numbers).toEqual([1, 2]);
  });

  it("leaves before an announced end, though the server falls silent, and closes before it resumes", async () => {
    const call = start();
    await call.noted("connected");
    const before = await emulator.newestSession();
    await emulator.post("faults", {
      fault: "goAway",
      timeLeftMs: 2_000,
      thenSilent: true,
      session: before.id,
    });
    await call.noted("connected", 2);
    const [left] = (await emulator.sessions()).filter(({ id }) => id === before.id);
    expect(left).toMatchObject({ open: false, closed: null });
    expect(await emulator.newestSession()).toMatchObject({ resumedFrom: before.id });
    expect(call.notes.filter(({ kind }) => kind === "connect-failed")).toEqual([]);
  });

  it("begins anew when its handle is forgotten, and retells the conversation", async () => {
    const conversation: RememberedTurn[] = [
      { role: "user", text: "My name is Ada.", at: 1 },
      { role: "assistant", text: "Nice to meet you.", at: 2, interrupted: true },
    ];
    const call = start({ conversation });
    await call.noted("connected");
    const reason = "BidiGenerateContent session not found";
    await emulator.post("faults", { fault: "refuseSetup", code: 1008, reason, at: "onResume" });
    await emulator.post("faults", { fault: "drop", session: (await emulator.newestSession()).id });
    // The first time was the beginning: whoever takes a conversation over brings it along.
    await call.noted("retold", 2);
    await vi.waitFor(async () => expect(await told()).toContain("My name is Ada."));
    expect(call.statuses().at(-1)).toEqual({ kind: "back", memory: "retold" });
    expect(await emulator.newestSession()).toMatchObject({ resumedFrom: null });
  });

  it("gives a model its history as that model wants it", async () => {
    const conversation: RememberedTurn[] = [{ role: "user", text: "My name is Ada.", at: 1 }];
    const call = start({ model: "gemini-3.1-flash-live-preview", conversation });
    await call.noted("connected");
    expect(setupOf(await emulator.newestSession())).toContain("initialHistoryInClientContent");
    await vi.waitFor(async () => expect(await told()).toContain("My name is Ada."));
    call.write("What is my name?");
    await call.until("answer-ended");
    expect((await emulator.newestSession()).open).toBe(true);
  });

  it("survives frames that nobody can read", async () => {
    const call = start();
    await call.noted("connected");
    for (const fault of ["malformed", "truncatedUtf8", "unknownFields", "textFrames"]) {
      await emulator.post("faults", { fault, session: (await emulator.newestSession()).id });
    }
    await call.noted("malformed", 2);
    call.write("Hello");
    await call.until("answer-ended");
    expect(call.notes.filter(({ kind }) => kind === "connected")).toHaveLength(1);
  });

  it("gets through a handshake that is refused, broken off or slow, and a setup that is never accepted", async () => {
    await emulator.post("faults", { fault: "refuse", status: 503 });
    await emulator.post("faults", { fault: "resetHandshake" });
    await emulator.post("faults", { fault: "slowHandshake", ms: 50 });
    await emulator.post("faults", { fault: "noSetup" });
    const call = start({ connectDeadlineMs: 1_000 });
    await call.noted("connected");
    expect(call.notes.flatMap((note) => (note.kind === "connect-failed" ? [note.why] : []))).toEqual([
      "status",
      "other",
      "deadline",
    ]);
  });

  it("ends with the reason when the key is wrong, which no note holds", async () => {
    const call = start({ account: { apiKey: "some-other-key" } });
    await call.noted("gave-up");
    expect(call.notes.at(-1)).toEqual({ kind: "gave-up", why: "bad-key" });
    expect(call.types()).toEqual(["failed"]);
    expect(JSON.stringify(call.notes)).not.toContain("some-other-key");
  });

  it("calls functions side by side, and answers with all results", async () => {
    const call = start();
    await call.noted("connected");
    const calls = [{ name: "get_time" }, { name: "get_time", args: { time_zone: "Europe/Rome" } }];
    await emulator.post("faults", { fault: "toolCall", calls });
    await call.until("tool-ended", 2);
    await call.until("answer-ended");
    const { toolCalls } = await emulator.newestSession();
    expect(toolCalls.map(({ state }) => state)).toEqual(["answered", "answered"]);
  });

  it("takes turns by hand", async () => {
    const call = start();
    call.sendDown({ type: "turn-mode", mode: "manual" });
    await call.noted("connected");
    expect(setupOf(await emulator.newestSession())).toContain(
      '"automaticActivityDetection":{"disabled":true}',
    );
    call.sendDown({ type: "turn-started" });
    call.sendDown({ type: "input-audio", pcm: speechLike({ ms: 600 }) });
    call.sendDown({ type: "turn-ended" });
    await call.until("answer-ended");
    expect((await emulator.newestSession()).receivedAudioMs).toBe(600);
  });

  it("asks again after a turn without a sound", async () => {
    const call = start();
    await call.noted("connected");
    await emulator.post("faults", { fault: "emptyTurns", session: (await emulator.newestSession()).id });
    call.write("Hello");
    await call.until("answer-ended");
    expect(call.notes).toContainEqual({ kind: "mute", evidence: "empty-turn", step: "nudge" });
    expect(call.notes).toContainEqual({ kind: "audible-again", steps: 1 });
  });

  it("talks to Vertex AI with an access token", async () => {
    const account = { project: "emulated", location: "us-central1", accessToken: EMULATED_VERTEX_TOKEN };
    const call = start({ account });
    await call.noted("connected");
    call.write("Hello");
    await call.until("answer-ended");
    await emulator.post("faults", { fault: "drop", session: (await emulator.newestSession()).id });
    await call.noted("connected", 2);
    expect((await emulator.newestSession()).resumedFrom).not.toBeNull();
  });
});
