import { describe, expect, it } from "vitest";
import { DE_DE } from "../languages/de-de.ts";
import { findScenario, SCENARIOS } from "./index.ts";

/** A voice model reads it before every answer, and follows the shorter the better. */
const MAX_CHARS = 1_000;

describe.each(SCENARIOS)("the scenario $name", ({ name, instruction }) => {
  const text = instruction(DE_DE);

  it("is found by its name, however that is written", () => {
    for (const written of [
      name,
      name.toUpperCase(),
      ` ${name.replaceAll("-", "_")} `,
      name.replaceAll("-", " "),
    ]) {
      expect(findScenario(written)?.name, written).toBe(name);
    }
  });

  it("says how to open, and is short and fit to be spoken", () => {
    expect(text).toMatch(/\bOpen by\b/);
    expect(text.length).toBeLessThan(MAX_CHARS);
    expect(text).not.toMatch(/[*#`]|^- /m);
  });
});

describe("findScenario", () => {
  it("has names that differ", () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  });

  it.each(["", "pirate", "__proto__", "constructor", "toString", "reception", "receptionist!"])(
    "knows no %j",
    (name) => {
      expect(findScenario(name)).toBeUndefined();
    },
  );

  it("has the tutor teach the language of the session", () => {
    expect(findScenario("language-tutor")?.instruction(DE_DE)).toContain("learning German");
  });
});
