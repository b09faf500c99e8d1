import { describe, expect, it } from "vitest";
import type { Row } from "../common/bench.ts";
import { summarize } from "../common/statistics.ts";
import type { Measured } from "./measure.ts";
import { type Arrangement, notesOf, rowsOf } from "./report-rows.ts";

const measured = (calls: number, overrides: Partial<Measured> = {}): Measured => ({
  calls,
  cpu: 3 * calls,
  nodeCpu: calls,
  pssMiB: 100 + 10 * calls,
  concealedPercent: 0.1,
  heldMs: 40,
  receivedKb: 3,
  gapsMs: [20, 20, 21],
  framesLost: 0,
  profile: [
    ["renderer Encoder", 2 * calls],
    ["node MainThread", calls],
  ],
  idlePercent: 40,
  ...overrides,
});

function arrangement(overrides: Partial<Measured> = {}): Arrangement {
  const levels = [1, 8, 16].map((calls) => ({
    calls,
    ours: [measured(calls), measured(calls, calls === 16 ? overrides : {})],
    floor: [1, 2].map(() => measured(calls, { cpu: 2 * calls, pssMiB: 50 + 5 * calls, gapsMs: [] })),
  }));
  return { name: "8 a page", maxMiBPerCall: 9, levels };
}

function rowOf(rows: readonly Row[], label: string): Row {
  return rows.find((row) => row.label === label) ?? expect.fail(`No row ${label}`);
}

const isMet = ({ aim, ours }: Row) => aim?.met(summarize(ours));

describe("rowsOf", () => {
  it("has CPU by call, and judges it once a page's own share is small", () => {
    const rows = rowsOf(arrangement());
    expect(rowOf(rows, "8 a page, 8 calls: CPU per call")).toMatchObject({ ours: [3, 3], floor: [2, 2] });
    expect(rowOf(rows, "8 a page, 1 call: CPU per call").aim).toBeUndefined();
    expect(isMet(rowOf(rows, "8 a page, 16 calls: CPU per call"))).toBe(true);
    const dear = rowsOf(arrangement({ cpu: 16 * 6 }));
    expect(rowOf(dear, "8 a page, 16 calls: CPU per call").ours).toEqual([3, 6]);
    expect(isMet(rowOf(dear, "8 a page, 16 calls: CPU per call"))).toBe(false);
  });

  it("does not praise a machine that was too full to do the work", () => {
    const rows = rowsOf(arrangement({ idlePercent: 0 }));
    const row = rowOf(rows, "8 a page, 16 calls: CPU per call (machine full: not to be judged)");
    expect(row.aim).toBeUndefined();
    expect(rowOf(rows, "8 a page, 8 calls: CPU per call").aim).toBeDefined();
  });

  it("has what a further call takes, each round by itself", () => {
    const row = rowOf(rowsOf(arrangement()), "8 a page, 1 to 16 calls: memory per further call");
    expect(row.ours.map((one) => Math.round(one * 1e6) / 1e6)).toEqual([10, 10]);
    expect(row.floor?.map((one) => Math.round(one * 1e6) / 1e6)).toEqual([5, 5]);
    expect(isMet(row)).toBe(false);
  });

  it("says nothing of a further call where there are only a few", () => {
    const few = { ...arrangement(), levels: arrangement().levels.slice(0, 2) };
    expect(rowsOf(few).some(({ label }) => label.includes("further call"))).toBe(false);
  });

  it("puts the gaps of all rounds together, and misses the aim by the slowest hundredth", () => {
    const few = rowOf(rowsOf(arrangement()), "8 a page, 16 calls: bridge gap");
    expect(few.ours).toHaveLength(6);
    expect(isMet(few)).toBe(true);
    const gapsMs = [...Array.from({ length: 95 }, () => 20), 31, 31];
    expect(isMet(rowOf(rowsOf(arrangement({ gapsMs })), "8 a page, 16 calls: bridge gap"))).toBe(false);
  });

  it("forgives no lost frame", () => {
    expect(isMet(rowOf(rowsOf(arrangement()), "8 a page, 16 calls: frames lost"))).toBe(true);
    const lost = rowsOf(arrangement({ framesLost: 1 }));
    expect(isMet(rowOf(lost, "8 a page, 16 calls: frames lost"))).toBe(false);
  });
});

describe("notesOf", () => {
  it("says up to how many calls all was well", () => {
    expect(notesOf(arrangement())[0]).toContain("no limit was crossed with up to 16 calls");
    expect(notesOf(arrangement({ framesLost: 1 }))[0]).toContain("capacity 8 calls. With 16: frames lost");
  });

  it("cries out when the floor had something else to do", () => {
    expect(notesOf(arrangement()).join()).not.toContain("NOT THE SAME WORK");
    expect(notesOf(arrangement({ receivedKb: 1 })).join()).toContain("NOT THE SAME WORK");
  });

  it("tells by thread where the time went, ours beside the floor's", () => {
    const note = notesOf(arrangement()).find((one) => one.includes("16 calls, by thread"));
    expect(note).toContain("renderer Encoder 32.0 (32.0), node MainThread 16.0 (16.0)");
  });
});
