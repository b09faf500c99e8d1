import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HELLO, startSession, TONE, VERTEX } from "../test-support/session.ts";
import { VERTEX_PREFIX } from "../test-support/setups.ts";
import { sequence, speechLike } from "../test-support/signals.ts";

/** From the end of the user's turn to the first sound, as a rule. */
const THINKING_MS = 200;
const ANSWER = ["outputTranscription", "sound"];
const LIVE_25 = "models/gemini-2.5-flash-native-audio-latest";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A session with two functions: `look` is as its model has it, `wait` blocks. */
function start(options: Parameters<typeof startSession>[0] = {}, setup: object = {}) {
  const run = startSession(options);
  run.setUp({
    outputAudioTranscription: {},
    tools: [{ functionDeclarations: [{ name: "look" }, { name: "wait", behavior: "BLOCKING" }] }],
    ...setup,
  });
  return {
    ...run,
    call: (name: string, id: string) => run.session.callTools([{ name, args: { at: "noon" }, id }]),
    respond: (id: string, more: object = {}, name = "look") =>
      run.tell({
        toolResponse: { functionResponses: [{ id, name, response: { output: "blue" }, ...more }] },
      }),
    words: () =>
      run.said
        .flatMap(({ message }) =>
          "serverContent" in message ? (message.serverContent.outputTranscription?.text ?? []) : [],
        )
        .join(""),
    states: () => run.session.view().toolCalls.map(({ id, state }) => `${id} ${state}`),
  };
}

describe("a function that blocks", () => {
  test("keeps the model waiting, which then tells the result in the same turn", () => {
    const run = start();
    expect(run.call("wait", "w")).toBeUndefined();
    vi.advanceTimersByTime(60_000);
    expect(run.summary()).toEqual(["setupComplete", "toolCall"]);
    expect(run.said.at(-1)?.message).toEqual({
      toolCall: { functionCalls: [{ name: "wait", args: { at: "noon" }, id: "w" }] },
    });
    run.respond("w", {}, "wait");
    vi.advanceTimersByTime(THINKING_MS - 1);
    expect(run.summary()).toHaveLength(2);
    vi.runAllTimers();
    expect(run.summary().slice(0, 2)).toEqual(["setupComplete", "toolCall"]);
    expect(run.summary().slice(-2)).toEqual(["generationComplete", "turnComplete"]);
    expect(new Set(run.summary().slice(2, -2))).toEqual(new Set(ANSWER));
    expect(run.words()).toBe('wait: {"output":"blue"}');
    expect(run.states()).toEqual(["w answered"]);
    expect(run.closes).toEqual([]);
  });

  test("ends what is being said", () => {
    const run = start({ answer: { ...TONE, durationMs: 10_000 } });
    run.tell(HELLO);
    vi.advanceTimersByTime(THINKING_MS + 300);
    run.call("wait", "w");
    const said = run.said.length;
    vi.advanceTimersByTime(60_000);
    expect(run.said).toHaveLength(said);
    run.respond("w", {}, "wait");
    vi.runAllTimers();
    expect(run.summary().filter((word) => word === "turnComplete")).toHaveLength(1);
    expect(run.summary()).not.toContain("interrupted");
  });

  test("is cancelled when the user speaks, and its late result is ignored", () => {
    const run = start();
    run.speak(sequence(500));
    run.call("wait", "w");
    run.speak(speechLike({ ms: 300 }));
    expect(run.summary()).toEqual([
      ...["setupComplete", "toolCall"],
      ...["toolCallCancellation", "interrupted", "turnComplete"],
    ]);
    expect(run.said[2]?.message).toEqual({ toolCallCancellation: { ids: ["w"] } });
    run.respond("w", {}, "wait");
    expect(run.states()).toEqual(["w cancelled"]);
    expect(run.closes).toEqual([]);
    run.session.gone();
  });

  test("is waited for with all that were called beside it", () => {
    const run = start({ model: LIVE_25 });
    run.session.callTools([
      { name: "look", args: {}, id: "a" },
      { name: "look", args: {}, id: "b" },
    ]);
    run.respond("b");
    vi.advanceTimersByTime(60_000);
    expect(run.summary()).toEqual(["setupComplete", "toolCall"]);
    run.respond("a");
    vi.runAllTimers();
    expect(run.words()).toBe('look: {"output":"blue"}; look: {"output":"blue"}');
  });

  test("cannot be answered twice", () => {
    const run = start();
    run.call("wait", "w");
    run.respond("w", {}, "wait");
    run.respond("w", {}, "wait");
    expect(run.closes).toEqual([
      { code: 1007, reason: expect.stringContaining("Call w has been answered.") },
    ]);
  });
});

describe("a function that does not block", () => {
  test("leaves the turn to end, with more to come", () => {
    const run = start();
    run.call("look", "l");
    expect(run.summary()).toEqual(["setupComplete", "toolCall", "generationComplete", "turnComplete"]);
    expect(run.said.at(-1)?.message).toMatchObject({ serverContent: { interactionStatus: "IN_PROGRESS" } });
    run.respond("l");
    vi.runAllTimers();
    expect(run.words()).toBe('look: {"output":"blue"}');
    expect(run.said.at(-1)?.message).toMatchObject({ serverContent: { interactionStatus: "IDLE" } });
  });

  test("disturbs neither an answer nor the user", () => {
    const run = start({ answer: TONE });
    run.tell(HELLO);
    vi.advanceTimersByTime(THINKING_MS + 100);
    run.call("look", "l");
    vi.runAllTimers();
    expect(run.summary().filter((word) => word === "sound")).toHaveLength(9);
    run.speak(sequence(500, speechLike({ ms: 1_000 }), 700));
    vi.runAllTimers();
    expect(run.states()).toEqual(["l pending"]);
    expect(run.summary()).not.toContain("toolCallCancellation");
  });

  test("is cancelled with the very turn that called it", () => {
    const run = start({ answer: TONE });
    run.speak(sequence(500));
    run.tell(HELLO);
    vi.advanceTimersByTime(THINKING_MS + 100);
    run.call("look", "l");
    run.speak(speechLike({ ms: 300 }));
    expect(run.states()).toEqual(["l cancelled"]);
    run.session.gone();
  });

  test.each([
    ["WHEN_IDLE", ["generationComplete", "turnComplete", ...ANSWER]],
    [undefined, ["generationComplete", "turnComplete", ...ANSWER]],
    ["INTERRUPT", ["interrupted", "turnComplete", ...ANSWER]],
    ["SILENT", ["generationComplete", "turnComplete"]],
  ])("gives its result during an answer, scheduled %s", (scheduling, expected) => {
    const run = start({ answer: { ...TONE, durationMs: 500 } });
    run.call("look", "l");
    run.tell(HELLO);
    vi.advanceTimersByTime(THINKING_MS);
    const from = run.summary().length;
    run.respond("l", scheduling ? { scheduling } : {});
    vi.runAllTimers();
    const rest = run.summary().slice(from);
    const sounds = rest.findIndex((word) => word !== "sound" && word !== "outputTranscription");
    expect(rest.slice(sounds, sounds + expected.length)).toEqual(expected);
    expect(rest.filter((word) => word === "turnComplete")).toHaveLength(scheduling === "SILENT" ? 1 : 2);
  });

  test("tells its result only when the user has finished", () => {
    const run = start();
    run.call("look", "l");
    run.speak(sequence(500, speechLike({ ms: 1_000 })));
    run.respond("l");
    vi.advanceTimersByTime(500);
    expect(run.words()).toBe("");
    run.speak(sequence(700));
    vi.runAllTimers();
    expect(run.words()).toBe('You said:look: {"output":"blue"}');
  });
});

describe("a session with a function under way", () => {
  test.each(["wait", "look"])("cannot be resumed until %s has answered", (name) => {
    const run = start({}, { sessionResumption: {} });
    const resumable = () =>
      run.said.flatMap(({ message }) =>
        "sessionResumptionUpdate" in message ? [message.sessionResumptionUpdate.resumable] : [],
      );
    run.call(name, "c");
    vi.advanceTimersByTime(60_000);
    expect(resumable()).toEqual([true, false]);
    run.respond("c", {}, name);
    vi.runAllTimers();
    expect(resumable().at(-1)).toBe(true);
    expect(run.session.view().handles).toBe(resumable().filter(Boolean).length);
  });

  test("leaves no timer when the client goes", () => {
    const run = start();
    run.call("wait", "w");
    run.respond("w", {}, "wait");
    run.session.gone();
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("an update of the context declares other functions", () => {
  const run = start();
  run.tell({ contextUpdate: { tools: { tools: [{ functionDeclarations: [{ name: "sing" }] }] } } });
  expect(run.call("look", "l")).toMatch(/no function look/);
  expect(run.call("sing", "s")).toBeUndefined();
});

test("on Vertex a result needs no id", () => {
  const run = start({ door: VERTEX, model: `${VERTEX_PREFIX}gemini-3.8-live` });
  run.call("look", "l");
  run.tell({ toolResponse: { functionResponses: [{ name: "look", response: {} }] } });
  expect(run.states()).toEqual(["l answered"]);
});

test("on Vertex a late result without an id is that of the call that was cancelled", () => {
  const run = start({ door: VERTEX, model: `${VERTEX_PREFIX}gemini-3.8-live` });
  run.speak(sequence(500));
  run.call("wait", "w");
  run.speak(speechLike({ ms: 300 }));
  const late = { toolResponse: { functionResponses: [{ name: "wait", response: {} }] } };
  run.tell(late);
  expect(run.states()).toEqual(["w cancelled"]);
  expect(run.closes).toEqual([]);

  run.call("wait", "again");
  run.tell(late);
  expect(run.states()).toEqual(["w cancelled", "again answered"]);
  run.tell(late);
  expect(run.closes).toEqual([
    { code: 1007, reason: expect.stringContaining("Call again has been answered.") },
  ]);
});

test("a function that is called before the setup is refused", () => {
  const run = startSession();
  expect(run.session.callTools([{ name: "look", args: {} }])).toMatch(/not completed its setup/);
});
