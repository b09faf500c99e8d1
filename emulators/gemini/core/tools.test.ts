import { describe, expect, test } from "vitest";
import type { Personality } from "./personalities.ts";
import { personalityOf } from "./personalities.ts";
import { Random } from "./random.ts";
import type { FunctionDeclaration } from "./setup-tools.ts";
import {
  answerTools,
  callTools,
  cancelTools,
  describeResult,
  type OrderedCall,
  pendingIn,
  type ToolCalls,
} from "./tools.ts";

function personality(id: string): Personality {
  const found = personalityOf(`models/${id}`, { kind: "gemini", apiVersion: "v1beta" });
  if (!found) throw new Error(`no model ${id}`);
  return found;
}
const LIVE_38 = personality("gemini-3.8-live");
const LIVE_31 = personality("gemini-3.1-flash-live-preview");
const LIVE_25 = personality("gemini-2.5-flash-native-audio-latest");

const DECLARED: FunctionDeclaration[] = [{ name: "look" }, { name: "wait", behavior: "BLOCKING" }];
const STRICT = { idsOptional: false };

function call(
  ordered: OrderedCall[],
  {
    before = [],
    of = LIVE_25,
    declared = DECLARED,
  }: { before?: ToolCalls; of?: Personality; declared?: FunctionDeclaration[] } = {},
) {
  const called = callTools(before, ordered, { declared, personality: of, random: new Random(1) });
  if (!called.ok) throw new Error(called.why);
  return called;
}

const look = (id?: string): OrderedCall => ({ name: "look", args: {}, id });

describe("a call", () => {
  test("has an id of its own, in Google's form, or the one that was ordered", () => {
    const { made } = call([look(), look(), look("mine")]);
    const [first, second, third] = made.map(({ id }) => id);
    expect(first).toMatch(/^function-call-[1-9]\d{18}$/);
    expect(second).not.toBe(first);
    expect(third).toBe("mine");
  });

  test.each([
    [
      "2.5",
      LIVE_25,
      [
        ["look", true],
        ["wait", true],
        ["run", false],
      ],
    ],
    [
      "3.1, which always waits",
      LIVE_31,
      [
        ["look", true],
        ["wait", true],
        ["run", true],
      ],
    ],
    [
      "3.8, which waits where it is told",
      LIVE_38,
      [
        ["look", false],
        ["wait", true],
        ["run", false],
      ],
    ],
  ] as const)("blocks as the model of %s does", (_, of, expected) => {
    const declared: FunctionDeclaration[] = [...DECLARED, { name: "run", behavior: "NON_BLOCKING" }];
    const ordered = declared.map(({ name }) => ({ name, args: {} }));
    const { made } = call(ordered, { of, declared });
    expect(made.map(({ name, blocking }) => [name, blocking])).toEqual(expected);
  });

  test.each([
    ["of a function that is not declared", [], [{ name: "sing", args: {} }], /declares no function sing/],
    ["with an id that was there", call([look("a")]).calls, [look("a")], /a call a already/],
    ["twice with one id", [], [look("a"), look("a")], /a call a already/],
    [
      "beyond what can wait",
      call(Array.from({ length: 32 }, () => look())).calls,
      [look("one more")],
      /More than 32/,
    ],
  ])("%s is refused", (_, before, ordered, why) => {
    const called = callTools(before, ordered, {
      declared: DECLARED,
      personality: LIVE_25,
      random: new Random(2),
    });
    expect(called).toEqual({ ok: false, why: expect.stringMatching(why) });
  });

  test("is remembered for a while, and as long as it waits", () => {
    let { calls } = call([look("waits")]);
    const random = new Random(3);
    for (let i = 0; i < 300; i++) {
      const called = callTools(calls, [look()], { declared: DECLARED, personality: LIVE_25, random });
      if (!called.ok) throw new Error(called.why);
      const answered = answerTools(called.calls, [{ id: called.made[0]?.id, name: "look" }], STRICT);
      if (!answered.ok) throw new Error(answered.close.reason);
      calls = answered.calls;
    }
    expect(calls).toHaveLength(200);
    expect(pendingIn(calls).map(({ id }) => id)).toEqual(["waits"]);
  });
});

describe("a response", () => {
  const { calls } = call([look("a"), look("b")]);
  const response = { output: "blue" };

  test("answers its call, and no other", () => {
    const answered = answerTools(calls, [{ id: "b", name: "look", response }], STRICT);
    expect(answered).toMatchObject({
      ok: true,
      calls: [{ state: "pending" }, { state: "answered" }],
      results: [{ call: { id: "b" }, response, scheduling: "WHEN_IDLE" }],
    });
  });

  test.each([
    ["without an id", [{ name: "look" }]],
    ["with an unknown id", [{ id: "c", name: "look" }]],
    ["with the name of another function", [{ id: "a", name: "wait" }]],
    [
      "to a call that was answered in the same message",
      [
        { id: "a", name: "look" },
        { id: "a", name: "look" },
      ],
    ],
    ["to no call at all", []],
  ])("%s closes with 1007", (_, responses) => {
    expect(answerTools(calls, responses, STRICT)).toEqual({
      ok: false,
      close: { code: 1007, reason: expect.stringMatching(/^Request contains an invalid argument\./) },
    });
  });

  test("without an id is that of the oldest call of its name, where ids are optional", () => {
    const answered = answerTools(calls, [{ name: "look", response }], { idsOptional: true });
    expect(answered).toMatchObject({ ok: true, calls: [{ state: "answered" }, { state: "pending" }] });
    expect(answerTools(calls, [{ name: "wait", response }], { idsOptional: true }).ok).toBe(false);
  });

  test("to a cancelled call is ignored", () => {
    const cancelled = cancelTools(calls, ["a", "nobody"]);
    expect(cancelled.cancelled).toEqual(["a"]);
    const answered = answerTools(cancelled.calls, [{ id: "a", name: "look", response }], STRICT);
    expect(answered).toEqual({ ok: true, calls: cancelled.calls, results: [] });
  });

  test("that will continue leaves the call waiting, unless it blocks", () => {
    const more = { id: "a", name: "look", response, willContinue: true };
    const free = call([look("a")], { of: LIVE_38 }).calls;
    const first = answerTools(free, [more], STRICT);
    expect(first).toMatchObject({ ok: true, calls: [{ state: "pending" }], results: [{ response }] });
    expect(answerTools(calls, [more], STRICT)).toMatchObject({ calls: [{ state: "answered" }, {}] });
    // after its last, more of it counts no longer
    const last = answerTools(free, [{ ...more, willContinue: false }], STRICT);
    expect(last.ok && answerTools(last.calls, [more], STRICT)).toMatchObject({ ok: true, results: [] });
  });

  test.each([
    [undefined, "WHEN_IDLE"],
    ["SCHEDULING_UNSPECIFIED", "WHEN_IDLE"],
    ["SILENT", "SILENT"],
    ["INTERRUPT", "INTERRUPT"],
  ] as const)("scheduled %s means %s, and nothing where the call blocks", (scheduling, expected) => {
    const answer = { id: "a", name: "look", scheduling };
    const free = answerTools(call([look("a")], { of: LIVE_38 }).calls, [answer], STRICT);
    expect(free).toMatchObject({ results: [{ scheduling: expected }] });
    expect(answerTools(calls, [answer], STRICT)).toMatchObject({ results: [{ scheduling: "WHEN_IDLE" }] });
  });
});

test("a result is described in at most 200 characters", () => {
  const [made] = call([look("a")]).made;
  if (!made) throw new Error("no call");
  const describe = (response: Record<string, unknown>) =>
    describeResult({ call: made, response, scheduling: "WHEN_IDLE" });
  expect(describe({ output: "blue" })).toBe('look: {"output":"blue"}');
  expect(describe({ output: "x".repeat(1_000) })).toMatch(/^look: \{"output":"x+…$/);
  expect(describe({ output: "x".repeat(1_000) })).toHaveLength(200);
});
