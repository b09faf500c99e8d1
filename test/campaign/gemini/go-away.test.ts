import { describe, expect, it } from "vitest";
import { type CallReport, runCall } from "./call.ts";
import { judge } from "./judge.ts";
import type { PlannedCall } from "./plan.ts";
import { SimulatedTime } from "./simulated-time.ts";

/** A question, an answer of this length, goAway in its beginning, and a second question. */
async function callWith({ toneMs, timeLeftMs }: { toneMs: number; timeLeftMs: number }): Promise<CallReport> {
  const plan: PlannedCall = {
    seed: 3,
    scenario: "go away",
    model: "gemini-3.8-live",
    vertex: false,
    manual: false,
    latencyMs: 20,
    firstAudioMs: 200,
    actions: [
      { kind: "write", respond: true, waitForAnswer: true },
      // Also for an answer that is given anew.
      { kind: "wait", ms: toneMs + 3_000 },
      { kind: "write", respond: true, waitForAnswer: true },
    ],
    faults: [
      {
        atMs: 0,
        inAnswer: true,
        fault: { fault: "goAway", timeLeftMs, thenSilent: false, afterMs: 0, at: "now" },
      },
    ],
    toneMs,
    connectionMs: undefined,
    ends: undefined,
    staysMute: false,
    exact: true,
  };
  using time = new SimulatedTime();
  return await runCall(plan, time);
}

const statuses = ({ frames }: CallReport) =>
  frames.flatMap(({ frame }) => (frame.type === "assistant-status" ? [frame.status] : []));

describe("goAway", () => {
  it("with 10 s left in an answer of 8 s: all of it is heard, once, and the next connection knows of it", async () => {
    const call = await callWith({ toneMs: 8_000, timeLeftMs: 10_000 });
    expect(judge(call)).toEqual([]);
    expect([...call.heardMs]).toEqual([
      [1, 8_000],
      [2, 8_000],
    ]);
    expect(statuses(call)).toEqual([{ kind: "away" }, { kind: "back", memory: "kept" }]);
    const [first, second] = call.wires;
    expect(call.wires).toHaveLength(2);
    expect(first?.closed).toBeUndefined();
    const ofTheAnswer = first?.heard.findLast((heard) => heard.kind === "handle");
    expect(second?.setup?.handle).toBe(ofTheAnswer?.kind === "handle" ? ofTheAnswer.handle : "none");
    const answered = call.frames.find(({ frame }) => frame.type === "answer-ended");
    expect(second?.askedAt).toBeGreaterThanOrEqual(answered?.at ?? Number.POSITIVE_INFINITY);
  });

  it("with 1 s left in an answer of 20 s: the cut is told, the answer goes on, and so does the conversation", async () => {
    const call = await callWith({ toneMs: 20_000, timeLeftMs: 1_000 });
    expect(judge(call)).toEqual([]);
    expect(statuses(call)).toEqual([{ kind: "cut" }, { kind: "away" }, { kind: "back", memory: "retold" }]);
    const [first, second] = call.wires;
    // We leave before we are thrown out.
    expect(first?.closed).toBeUndefined();
    expect(second?.texts.map(({ wantsAnswer }) => wantsAnswer)).toEqual([false, true, true]);
    expect(call.heardMs.get(1)).toBeLessThan(20_000);
    expect([call.heardMs.get(2), call.heardMs.get(3)]).toEqual([20_000, 20_000]);
  });
});
