import { describe, expect, it } from "vitest";
import type { RuleName } from "../../../bot-runtime/gemini/rules.ts";
import { runCampaign } from "./campaign.ts";
import { SCENARIO_NAMES } from "./plan.ts";

describe("the campaign gemini", () => {
  it("finds nothing in sixty calls, in which every situation comes once", { timeout: 120_000 }, async () => {
    expect(SCENARIO_NAMES.length).toBeLessThanOrEqual(30);
    const { found, calls, connections, notes } = await runCampaign({ seed: 1, calls: 60 });
    expect(found).toEqual([]);
    expect(calls).toBe(60);
    expect(connections).toBeGreaterThan(100);
    expect(notes.get("mute: fresh")).toBeGreaterThan(0);
  });

  it.each<RuleName>(["close-before-resume", "seed-only-when-fresh", "tell-again", "notice-silent-turn"])(
    "finds something when the rule %s is not followed",
    { timeout: 120_000 },
    async (rule) => {
      const { found } = await runCampaign({ seed: 1, calls: 10, off: new Set([rule]), untilFound: true });
      expect(found).toHaveLength(1);
    },
  );
});
