import { beforeEach, expect, it } from "vitest";
import { PageHealth, type PagePart } from "./page-health.ts";

let health: PageHealth;

beforeEach(() => {
  health = new PageHealth();
});

/** Looks until somebody is missed; after how many looks of 500 ms, and who. */
function missed(heard: PagePart[], callsOpen: boolean): [number, PagePart] | undefined {
  for (let looks = 1; looks <= 100; looks++) {
    for (const part of heard) health.heard(part);
    const part = health.look({ callsOpen });
    if (part) return [looks, part];
  }
  return undefined;
}

it.each<[string, PagePart[], boolean, [number, PagePart] | undefined]>([
  ["a page that is gone is missed after 3 s", [], false, [6, "worker"]],
  ["a hung main thread after 10 s", ["worker", "audio"], true, [20, "main"]],
  ["a dead audio thread after 3 s, with a call", ["worker", "main"], true, [6, "audio"]],
  ["an audio thread owes nothing without a call", ["worker", "main"], false, undefined],
  ["a page that lives is not missed", ["worker", "main", "audio"], true, undefined],
])("%s", (_, heard, callsOpen, expected) => {
  expect(missed(heard, callsOpen)).toEqual(expected);
});

it("gives the audio thread its time from the first call on", () => {
  missed(["worker", "main"], false);
  expect(missed(["worker", "main"], true)).toEqual([6, "audio"]);
});
