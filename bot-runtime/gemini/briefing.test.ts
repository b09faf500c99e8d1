import { describe, expect, it } from "vitest";
import { briefing, type RememberedTurn } from "./briefing.ts";

const said = (role: "user" | "assistant", text: string, at: number): RememberedTurn => ({ role, text, at });

describe("briefing", () => {
  it("tells the conversation in order, speakers alternating, and where it was cut", () => {
    const turns: RememberedTurn[] = [
      said("user", "Hello.", 1),
      { ...said("assistant", "Hello, I am", 2), interrupted: true },
      said("user", "Wait.", 3),
      said("user", "What time is it?", 4),
    ];
    const calls = [{ name: "get_time", response: { time: "noon" }, at: 5 }];
    expect(briefing({ turns, calls, without: [] })).toEqual([
      { role: "user", text: "Hello." },
      { role: "model", text: "Hello, I am […]" },
      { role: "user", text: 'Wait.\nWhat time is it?\n[get_time] {"time":"noon"}' },
    ]);
  });

  it("tells only what came after a moment, and not what is told otherwise", () => {
    const turns = [said("user", "old", 1), said("user", "new", 3), said("user", "waiting", 4)];
    expect(briefing({ turns, calls: [], since: 2, without: ["waiting"] })).toEqual([
      { role: "user", text: "new" },
    ]);
  });

  it("tells the newest of a long conversation, and bounds a result", () => {
    const turns = Array.from({ length: 400 }, (_, i) =>
      said(i % 2 ? "user" : "assistant", `${i} ${"x".repeat(96)}`, i),
    );
    const told = briefing({ turns, calls: [], without: [] });
    expect(told.at(-1)?.text).toMatch(/^399 /);
    expect(told.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(16_000);
    const [call] = briefing({
      turns: [],
      calls: [{ name: "a", response: { b: "x".repeat(9_999) }, at: 1 }],
      without: [],
    });
    expect(call?.text.length).toBeLessThan(1_010);
  });

  it("tells the end of what is too long by itself", () => {
    const turns = [said("user", `${"x".repeat(20_000)} the end`, 1)];
    const [told] = briefing({ turns, calls: [], without: [] });
    expect(told?.text).toMatch(/^… x+ the end$/);
    expect(told?.text.length).toBe(16_000);
  });

  it("leaves out the newest of what is told otherwise, not the same words of another time", () => {
    const turns = [
      said("user", "Yes.", 1),
      said("assistant", "And now?", 2),
      said("user", "Yes.", 3),
      said("user", "Yes.", 4),
    ];
    expect(briefing({ turns, calls: [], without: ["Yes.", "Yes."] })).toEqual([
      { role: "user", text: "Yes." },
      { role: "model", text: "And now?" },
    ]);
  });
});
