import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { audioPart, FakeLive } from "../testing/fake-live.ts";
import type { RememberedTurn } from "./briefing.ts";
import { LiveSession, type LiveSessionOptions, type SessionStatus } from "./live-session.ts";
import type { GeminiNote } from "./note.ts";
import { GET_TIME } from "./tools.ts";

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

async function setUp(options: Partial<LiveSessionOptions> = {}, live = new FakeLive(), remembers = true) {
  const notes: GeminiNote[] = [];
  const statuses: SessionStatus[] = [];
  const handles: string[] = [];
  const memory: RememberedTurn[] = [];
  const session = new LiveSession({
    connect: live.connect,
    setup: { model: "gemini-3.8-live", language: "en-US", systemInstruction: "Be brief." },
    tools: [GET_TIME],
    ...(remembers ? { conversation: () => memory } : {}),
    random: () => 0,
    events: {
      content: () => {},
      answerEnded: () => {},
      status: (status) => statuses.push(status),
      tool: () => {},
      usage: () => {},
      mute: () => {},
      note: (note) => notes.push(note),
      handle: (handle) => handles.push(handle),
      failed: () => {},
    },
    ...options,
  });
  session.start();
  await pass();
  return { session, live, notes, statuses, handles, memory };
}

const says = (text: string): RememberedTurn => ({ role: "user", text, at: Date.now() });
const chunk = () => new Int16Array(640);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("LiveSession", () => {
  it("takes a session over with a handle, tells each newer one, and retells nothing", async () => {
    const { live, handles, memory, statuses } = await setUp({ handle: "from another host" });
    expect(live.connection.setup.handle).toBe("from another host");
    memory.push(says("Hello."));
    live.connection.giveHandle("h1");
    live.connection.events.message({ sessionResumptionUpdate: { newHandle: "", resumable: false } });
    live.connection.events.message({ sessionResumptionUpdate: { newHandle: "h2", resumable: false } });
    expect(handles).toEqual(["h1"]);
    expect(live.connection.sent).toEqual([]);
    expect(statuses).toEqual([]);
  });

  it("tells a resumed session what came after its handle, though a newer handle comes before it is live", async () => {
    const live = new FakeLive();
    const connect: FakeLive["connect"] = async (setup, events, signal) => {
      const connection = await live.connect(setup, events, signal);
      live.connection.giveHandle(`h${live.connections.length}`);
      return connection;
    };
    const { memory, statuses } = await setUp({ connect }, live);
    await pass(1_000);
    memory.push(says("My name is Ada."));
    live.connection.end(1006);
    await pass();
    expect(live.connection.setup.handle).toBe("h1");
    expect(live.connection.sent).toEqual([
      { kind: "content", turns: [{ role: "user", text: "My name is Ada." }], complete: false },
    ]);
    expect(statuses.at(-1)).toEqual({ kind: "back", memory: "retold" });
  });

  it.each([
    { model: "gemini-3.8-live", initialHistory: undefined, told: ["content open"] },
    { model: "gemini-3.1-flash-live-preview", initialHistory: true, told: ["content complete"] },
    {
      model: "gemini-2.5-flash-native-audio-latest",
      initialHistory: undefined,
      told: ["content complete, asked"],
    },
  ])("begins anew with $model as that model wants it", async ({ model, initialHistory, told }) => {
    const { live, memory } = await setUp({
      setup: { model, language: "en-US", systemInstruction: "Be brief." },
    });
    memory.push(says("Hello."), { role: "assistant", text: "Hi!", at: Date.now() });
    live.connection.end(1006);
    await pass();
    expect(live.connection.setup.initialHistory).toBe(initialHistory);
    const described = live.connection.sent.map((sent) =>
      sent.kind === "content"
        ? `content ${sent.complete ? "complete" : "open"}${sent.turns.at(-1)?.text.startsWith("[") ? ", asked" : ""}`
        : sent.kind,
    );
    expect(described).toEqual(told);
  });

  it("says what it still knows after a loss without a handle", async () => {
    const memoryAfter = async (remembers: boolean, turns: RememberedTurn[]) => {
      const { live, statuses, memory } = await setUp({}, new FakeLive(), remembers);
      memory.push(...turns);
      live.connection.end(1006);
      await pass();
      return statuses.at(-1);
    };
    expect(await memoryAfter(true, [])).toEqual({ kind: "back", memory: "kept" });
    expect(await memoryAfter(true, [says("Hello.")])).toEqual({ kind: "back", memory: "retold" });
    expect(await memoryAfter(false, [])).toEqual({ kind: "back", memory: "lost" });
  });

  it("holds the user's voice while 2.5 waits for a function, and sends it then", async () => {
    const { session, live } = await setUp({
      setup: { model: "gemini-2.5-flash-native-audio-latest", language: "en-US", systemInstruction: "" },
      tools: [
        {
          declaration: { name: "slow", description: "" },
          run: () => new Promise((resolve) => setTimeout(() => resolve({}), 400)),
        },
      ],
    });
    session.addAudio(chunk());
    live.connection.events.message({ toolCall: { functionCalls: [{ id: "1", name: "slow" }] } });
    session.addAudio(chunk());
    session.addAudio(chunk());
    expect(live.connection.audio).toHaveLength(1);
    await pass(400);
    expect(live.connection.audio).toHaveLength(3);
    expect(live.connection.sent).toEqual([
      { kind: "tool-results", results: [{ id: "1", name: "slow", response: {} }] },
    ]);
  });

  it("begins a turn of the user again that a loss cut in two", async () => {
    const { session, live, notes } = await setUp();
    live.connection.giveHandle("h1");
    for (let i = 0; i < 60; i += 1) session.addAudio(chunk());
    session.userStarted();
    for (let i = 0; i < 10; i += 1) session.addAudio(chunk());
    live.connection.end(1006);
    session.addAudio(chunk());
    await pass();
    expect(live.connection.audio).toHaveLength(50);
    expect(notes.at(-1)).toEqual({ kind: "audio-replayed", chunks: 50 });
  });

  it("does not take a cough for a question, unless words of it are recognised", async () => {
    const { session, live, notes } = await setUp();
    const cough = async () => {
      session.userStarted();
      await pass(200);
      session.userStopped();
    };
    await cough();
    await pass(15_000);
    expect(notes.filter(({ kind }) => kind === "mute")).toEqual([]);
    await cough();
    live.connection.say({ inputTranscription: { text: "Yes." } });
    await pass(10_000);
    expect(notes.at(-1)).toEqual({ kind: "mute", evidence: "no-answer", step: "nudge" });
  });

  it("does not expect an answer while a function runs", async () => {
    const { session, live, notes } = await setUp({
      tools: [{ declaration: { name: "stuck", description: "" }, run: () => new Promise(() => {}) }],
    });
    session.tell("Look it up.", { respond: true });
    live.connection.events.message({ toolCall: { functionCalls: [{ id: "1", name: "stuck" }] } });
    live.connection.say({ turnComplete: true });
    await pass(29_000);
    expect(notes.filter(({ kind }) => kind === "mute")).toEqual([]);
    // Its result is an error then, and worth an answer.
    await pass(11_000);
    expect(notes.at(-1)).toMatchObject({ kind: "mute" });
  });

  it("takes the other turns from the first connection on, when it is told early", async () => {
    const live = new FakeLive("hang");
    const { session } = await setUp({}, live);
    session.setManualTurns(true);
    await pass();
    expect(live.aborted).toBe(1);
    expect(live.connection.setup.manualTurns).toBe(true);
    session.startTurn();
    session.addAudio(chunk());
    live.connection.end(1006);
    session.endTurn();
    await pass();
    expect(live.connection.sent).toEqual([
      { kind: "turn-start", audioBefore: 0 },
      { kind: "turn-end", audioBefore: 1 },
    ]);
  });

  it("hears nothing of a connection that is not its own any more", async () => {
    const { live, notes } = await setUp();
    const former = live.connection;
    former.end(1006);
    await pass();
    former.giveHandle("stale");
    former.end(1011, "again");
    former.say({ modelTurn: { parts: [audioPart(20)] } });
    live.connection.end(1006);
    await pass();
    expect(live.connection.setup.handle).toBeUndefined();
    expect(notes.filter(({ kind }) => kind === "ended")).toHaveLength(2);
  });

  it("leaves nothing in whatever state it is stopped", async () => {
    for (const script of [[], ["hang"], ["unavailable", "unavailable", "unavailable"]] as const) {
      const { session, live, notes } = await setUp({}, new FakeLive(...script));
      await pass(300);
      live.connections.at(-1)?.events.message({
        toolCall: { functionCalls: [{ id: "1", name: "get_time" }] },
        goAway: { timeLeft: "50s" },
      });
      session.stop();
      session.stop();
      await pass();
      const count = notes.length;
      expect(vi.getTimerCount()).toBe(0);
      expect(live.connections.every(({ closed }) => closed)).toBe(true);
      session.tell("Hello?", { respond: true });
      session.addAudio(chunk());
      await pass(100_000);
      expect(notes).toHaveLength(count);
    }
  });
});
