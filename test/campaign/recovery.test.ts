import { expect, it } from "vitest";
import { runRecovery } from "./recovery/recovery.ts";

it("goes on with a call whose bot runtime is killed in mid-sentence", { timeout: 90_000 }, async () => {
  const { rounds, complaints } = await runRecovery({ seed: 1, ways: ["kill"], calls: 1 });
  expect(complaints).toEqual([]);
  expect(rounds).toEqual([{ way: "kill", gapsMs: [expect.any(Number)] }]);
});
