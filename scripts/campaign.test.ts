import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT, runStep } from "./steps.ts";

const campaign = (...args: string[]) =>
  runStep(process.execPath, [join(ROOT, "scripts/campaign.ts"), ...args]);

it("lists the campaigns when none is named", async () => {
  for (const args of [[], ["--help"], ["leaks", "--help"]]) {
    const { code, output } = await campaign(...args);
    expect(code).toBe(0);
    expect(output).toMatch(/^ {2}leaks +\w/m);
  }
});

it.each([
  [["lekas"], 'There is no campaign "lekas".'],
  [["constructor"], 'There is no campaign "constructor".'],
  [["leaks", "leaks"], "One campaign at a time."],
  [["leaks", "--seed", "0"], "--seed takes a whole number from 1 to 2147483647"],
  [["leaks", "--calls", "many"], "--calls takes a whole number from 1 to 100000"],
  [["leaks", "--sead", "1"], "--sead"],
])("refuses %j and says why", async (args, words) => {
  const { code, output } = await campaign(...args);
  expect(code).toBe(1);
  expect(output).toContain(words);
});
