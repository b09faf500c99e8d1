import { describe, expect, test } from "vitest";
import { claim, type Holder, living, release } from "./holders.ts";

const NOW = 1_000_000;
const holder = (sessionId: string, lastsMs = 60_000): Holder => ({ sessionId, expiresAt: NOW + lastsMs });
const claimed = (holders: Holder[], sessionId: string, limit: number) =>
  claim(holders, { holder: holder(sessionId), limit, now: NOW });

describe("a claim", () => {
  test("is given as long as there is room", () => {
    const first = claimed([], "a", 2);
    const second = claimed(first.holders, "b", 2);
    expect([first.outcome, second.outcome]).toEqual([{ ok: true }, { ok: true }]);
    expect(second.holders.map(({ sessionId }) => sessionId)).toEqual(["a", "b"]);
  });

  test("beyond that is refused, with the time when one has to be over, and changes nothing", () => {
    const holders = [holder("a", 60_000), holder("b", 5_000)];
    const { holders: after, outcome } = claimed(holders, "c", 2);
    expect(outcome).toEqual({ ok: false, freeAt: NOW + 5_000 });
    expect(after).toEqual(holders);
  });

  test("of one who holds it already is a renewal, also when it is full", () => {
    const { holders, outcome } = claimed([holder("a", 5_000)], "a", 1);
    expect(outcome).toEqual({ ok: true });
    expect(holders).toEqual([holder("a")]);
  });

  test("does not count those whose time is over, to the millisecond", () => {
    expect(claimed([holder("a", 1)], "b", 1).outcome.ok).toBe(false);
    expect(claimed([holder("a", 0)], "b", 1)).toEqual({ holders: [holder("b")], outcome: { ok: true } });
  });

  test("of one who holds it already is a renewal also under a limit that was lowered since", () => {
    const { holders, outcome } = claimed([holder("a", 5_000), holder("b"), holder("c")], "a", 1);
    expect(outcome).toEqual({ ok: true });
    expect(holders).toEqual([holder("b"), holder("c"), holder("a")]);
  });

  test("is refused by a limit that was lowered, until enough have let go", () => {
    const holders = [holder("a"), holder("b"), holder("c")];
    expect(claimed(holders, "d", 1).outcome.ok).toBe(false);
    expect(claimed(release(holders, { sessionId: "a", now: NOW }), "d", 1).outcome.ok).toBe(false);
  });
});

test("letting go is for the one who holds, once or often, and drops those whose time is over", () => {
  const holders = [holder("a"), holder("b"), holder("c", 0)];
  const after = release(holders, { sessionId: "a", now: NOW });
  expect(after).toEqual([holder("b")]);
  expect(release(after, { sessionId: "a", now: NOW })).toEqual(after);
});

test("the living are those with time left", () => {
  expect(living([holder("a", 1), holder("b", 0), holder("c", -1)], NOW)).toEqual([holder("a", 1)]);
});
