import { expect, it } from "vitest";
import { Silence } from "./silence.ts";

it("speaks up after as many looks as the time holds", () => {
  const silence = new Silence({ afterMs: 4_000, everyMs: 250 });
  for (let look = 1; look < 16; look++) expect(silence.look()).toBe(false);
  expect(silence.look()).toBe(true);
});

it("starts again when something was heard", () => {
  const silence = new Silence({ afterMs: 1_000, everyMs: 500 });
  expect(silence.look()).toBe(false);
  silence.heard();
  expect(silence.look()).toBe(false);
  expect(silence.look()).toBe(true);
});

it.each([
  { afterMs: 100, everyMs: 200 },
  { afterMs: 100, everyMs: 0 },
])("refuses $afterMs ms looked at every $everyMs ms", (options) => {
  expect(() => new Silence(options)).toThrow(RangeError);
});
