import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { audioPart, FakeLive } from "../testing/fake-live.ts";
import { chunk, pass, says, runSession as setUp } from "../testing/run-session.ts";
import type { RememberedTurn } from "./briefing.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("LiveSession", () => {
  it("takes a session over with a handle, tells each newer one, and retells nothing", async () => {
    const { live, handles, memory, statuses } = await setUp({
      resume: () => ({ handle: "from another host" }),
    });
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

  it("asks nothing of a session that has lost the conversation: whoever runs it is told", async () => {
    const { live, statuses } = await setUp({}, new FakeLive(), false);
    live.connection.sayAudio();
    live.connection.end(1006);
    await pass();
    expect(statuses.at(-1)).toEqual({ kind: "back", memory: "lost" });
    expect(live.connection.sent).toEqual([]);
    // Nobody does anything about it.
    await pass(10_000);
    expect(live.connection.texts).toHaveLength(1);
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
    for (let i = 0; i < 110; i += 1) session.addAudio(chunk());
    session.userStarted();
    for (let i = 0; i < 10; i += 1) session.addAudio(chunk());
    live.connection.end(1006);
    session.addAudio(chunk());
    await pass();
    expect(live.connection.audio).toHaveLength(100);
    expect(notes.at(-1)).toEqual({ kind: "audio-replayed", chunks: 100 });
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

  it("leaves before an end that was announced before it was live", async () => {
    const live = new FakeLive();
    const connect: FakeLive["connect"] = async (setup, events, signal) => {
      const connection = await live.connect(setup, events, signal);
      if (live.connections.length === 1) events.message({ goAway: { timeLeft: "10s" } });
      return connection;
    };
    const { notes } = await setUp({ connect }, live);
    await pass(1_500);
    expect(live.connections).toHaveLength(2);
    expect(notes).toContainEqual({ kind: "rotated", why: "go-away", forced: false, ageMs: 1_000 });
  });

  it("counts a function that is called and finished before the connection is live", async () => {
    const live = new FakeLive();
    const connect: FakeLive["connect"] = async (setup, events, signal) => {
      const connection = await live.connect(setup, events, signal);
      events.message({ toolCall: { functionCalls: [{ id: "1", name: "nobody" }] } });
      await pass();
      return connection;
    };
    const { session, notes } = await setUp({ connect }, live);
    await pass();
    expect(live.connection.sent.map(({ kind }) => kind)).toEqual(["tool-results"]);
    live.connection.sayAudio();
    live.connection.say({ turnComplete: true });
    session.tell("Hello?", { respond: true });
    await pass(10_000);
    expect(notes.at(-1)).toEqual({ kind: "mute", evidence: "no-answer", step: "nudge" });
  });

  it("tells a fresh session of a function once: as history, or as the result that it waits for", async () => {
    const { session, live } = await setUp({
      tools: [
        {
          declaration: { name: "slow", description: "" },
          run: () => new Promise((resolve) => setTimeout(() => resolve({ done: true }), 400)),
        },
      ],
    });
    live.connection.events.message({ toolCall: { functionCalls: [{ id: "c7", name: "slow" }] } });
    // Until it is done.
    live.script.push("unavailable", "unavailable", "unavailable");
    live.connection.end(1006);
    await pass(10_000);
    session.stop();
    expect(JSON.stringify(live.connection.sent).match(/done/g)).toHaveLength(1);
  });

  it("keeps the user's voice for a connection that cancels a function before it is live", async () => {
    const live = new FakeLive();
    let session: { addAudio(pcm: Int16Array): void } | undefined;
    const connect: FakeLive["connect"] = async (setup, events, signal) => {
      const connection = await live.connect(setup, events, signal);
      events.message({ toolCallCancellation: { ids: ["1"] } });
      session?.addAudio(chunk());
      return connection;
    };
    const run = await setUp({ connect }, live);
    session = run.session;
    live.connection.end(1006);
    await pass();
    expect(live.connection.audio).toHaveLength(1);
    run.session.stop();
    expect(run.notes.filter(({ kind }) => kind === "audio-left-out")).toEqual([]);
  });

  it("does not take a turn for an empty one that ends with the call of a function", async () => {
    const { session, live, notes } = await setUp();
    session.tell("What time is it?", { respond: true });
    live.connection.events.message({
      serverContent: { turnComplete: true },
      toolCall: { functionCalls: [{ id: "1", name: "get_time" }] },
    });
    await pass();
    expect(notes.filter(({ kind }) => kind === "mute")).toEqual([]);
    expect(live.connection.sent.map(({ kind }) => kind)).toEqual(["content", "tool-results"]);
  });

  it("tells in words what a call without an id gave, where a result needs one", async () => {
    const { live, notes, session } = await setUp();
    live.connection.events.message({ toolCall: { functionCalls: [{ name: "nobody" }] } });
    await pass();
    expect(live.connection.sent.map(({ kind }) => kind)).toEqual(["content"]);
    expect(notes).toContainEqual({ kind: "told-in-words", id: "unnamed-1" });
    session.stop();

    const vertex = new FakeLive();
    const connect = Object.assign(vertex.connect.bind(vertex), { vertex: true });
    await setUp({ connect }, vertex);
    vertex.connection.events.message({ toolCall: { functionCalls: [{ name: "nobody" }] } });
    await pass();
    expect(vertex.connection.sent).toEqual([
      {
        kind: "tool-results",
        results: [{ name: "nobody", response: { error: "There is no such function." } }],
      },
    ]);
  });

  it("tells of words that it has no room for", async () => {
    const { session, notes } = await setUp({}, new FakeLive("hang"));
    for (let i = 0; i < 202; i += 1) session.tell(`text ${i}`, { respond: true });
    expect(notes).toEqual([
      { kind: "untold", what: "text", id: "t1" },
      { kind: "untold", what: "text", id: "t2" },
    ]);
  });

  it("passes no handle on of a session that it leaves since it is ill", async () => {
    const { session, live, handles, notes } = await setUp();
    live.connection.giveHandle("h1");
    session.tell("Hello?", { respond: true });
    for (let turn = 0; turn < 3; turn += 1) {
      live.connection.polite = turn < 2;
      live.connection.say({ turnComplete: true });
      await pass(100);
    }
    expect(notes.filter(({ kind }) => kind === "mute")).toHaveLength(3);
    live.connection.giveHandle("of the ill one");
    await pass(1_000);
    expect(live.connection.setup.handle).toBeUndefined();
    expect(handles).toEqual(["h1"]);
  });

  it("gives 3.1 no content that its setup has not announced", async () => {
    const live = new FakeLive();
    const setup = { model: "gemini-3.1-flash-live-preview", language: "en-US", systemInstruction: "" };
    const { memory } = await setUp(
      {
        setup,
        connect: async (...args) => {
          const connection = await live.connect(...args);
          // Words come later than their sound.
          if (live.connections.length > 1) memory.push(says("Hello."));
          return connection;
        },
      },
      live,
    );
    live.connection.end(1006);
    await pass();
    expect(live.connection.setup.initialHistory).toBe(true);
    expect(live.connection.sent).toEqual([
      { kind: "content", turns: [{ role: "user", text: "Hello." }], complete: true },
    ]);
  });

  it("does not say that it has retold what 3.1 could not be told", async () => {
    const setup = { model: "gemini-3.1-flash-live-preview", language: "en-US", systemInstruction: "" };
    const { live, memory, notes, statuses } = await setUp({ setup });
    live.connection.giveHandle("h1");
    await pass(10);
    memory.push(says("Hello."), { role: "assistant", text: "Hi!", at: Date.now() });
    live.connection.end(1006);
    await pass();
    expect(live.connection.sent).toEqual([]);
    expect(notes.filter(({ kind }) => kind === "retold")).toEqual([]);
    expect(statuses.at(-1)).toEqual({ kind: "back", memory: "kept" });
  });

  it("tells a session that it takes over what was said since its handle was given", async () => {
    const at = Date.now();
    const { live } = await setUp({
      resume: () => ({ handle: "from another host", givenAt: at - 1_000 }),
      conversation: () => [
        { role: "user", text: "known", at: at - 5_000 },
        { role: "user", text: "missed", at: at - 500 },
      ],
    });
    expect(live.connection.sent).toEqual([
      { kind: "content", turns: [{ role: "user", text: "missed" }], complete: false },
    ]);
  });

  it("connects no more often than it must, however often the way of taking turns is changed", async () => {
    const { session, live } = await setUp();
    live.script.push("hang");
    live.connection.end(1006);
    for (let i = 0; i < 21; i += 1) {
      session.setManualTurns(i % 2 === 0);
      await pass(10);
    }
    expect(live.setups.length).toBeLessThanOrEqual(2);
  });

  it("does not take sound for an answer that nobody can play", async () => {
    const { session, live, notes } = await setUp();
    session.tell("Hello", { respond: true });
    const { inlineData } = audioPart(200);
    const slower = { inlineData: { ...inlineData, mimeType: "audio/pcm;rate=16000" } };
    live.connection.say({ modelTurn: { parts: [slower] } });
    live.connection.say({ turnComplete: true });
    expect(notes.at(-1)).toEqual({ kind: "mute", evidence: "silent-turn", step: "nudge" });
  });

  it("begins a turn once that is pushed while the way of taking turns is being changed", async () => {
    const { session, live } = await setUp();
    session.addAudio(chunk());
    session.setManualTurns(true);
    session.startTurn();
    session.addAudio(chunk());
    // The renewal waits for the turn to end, but not for ever.
    await pass(3_000);
    session.endTurn();
    expect(live.connections).toHaveLength(2);
    expect(live.connection.sent).toEqual([
      { kind: "turn-start", audioBefore: 0 },
      { kind: "turn-end", audioBefore: 1 },
    ]);
  });

  it("passes nothing on of a message that comes when it has to leave", async () => {
    const content = vi.fn();
    const { live, statuses } = await setUp({ events: { content } });
    live.connection.sayAudio();
    live.connection.events.message({ goAway: { timeLeft: "10s" } });
    // Nobody has come to look at the clock.
    vi.setSystemTime(Date.now() + 9_000);
    const former = live.connection;
    former.sayAudio();
    expect(content).toHaveBeenCalledTimes(1);
    await pass();
    expect(live.connections).toHaveLength(2);
    expect(statuses.map(({ kind }) => kind)).toEqual(["cut", "away", "back"]);
  });
});
