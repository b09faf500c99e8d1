import { describe, expect, test } from "vitest";
import { type Care, END_MS, IDLE_MS, ILL_MS, LOOK_MS, nextCare } from "./container-care.ts";

/** Looks at a container one after the other, as often as it is asked for; what each sees is given. */
function looks(seen: ("busy" | "idle" | "ill")[]): string[] {
  let care: Care | undefined;
  let now = 0;
  return seen.map((kind) => {
    const step = nextCare(care, { kind }, now);
    care = step.care;
    now += step.lookAgainMs;
    return step.act;
  });
}

describe("a container", () => {
  const idleLooks = IDLE_MS / LOOK_MS;

  test("in a call is left alone for ever", () => {
    expect(new Set(looks(Array.from({ length: 500 }, () => "busy")))).toEqual(new Set(["none"]));
  });

  test("ends when it had no call for a while, and is destroyed if it does not", () => {
    const acts = looks(Array.from({ length: idleLooks + 3 }, () => "idle"));
    expect(acts.slice(0, idleLooks)).toEqual(Array.from({ length: idleLooks }, () => "none"));
    expect(acts.slice(idleLooks)).toEqual(["end", "destroy", "destroy"]);
  });

  test("has the whole while anew after each call", () => {
    const idle = Array.from({ length: idleLooks }, () => "idle" as const);
    expect(new Set(looks([...idle, "busy", ...idle]))).toEqual(new Set(["none"]));
  });

  test("that is ill for long is destroyed, not one that has a bad moment", () => {
    const ill = Array.from({ length: ILL_MS / LOOK_MS }, () => "ill" as const);
    expect(new Set(looks([...ill, "idle", ...ill]))).toEqual(new Set(["none"]));
    expect(looks([...ill, "ill"]).at(-1)).toBe("destroy");
  });

  test("that was told to end stays told so, whatever it does meanwhile", () => {
    const draining: Care = { kind: "draining", since: 0 };
    for (const kind of ["busy", "idle", "ill"] as const) {
      expect(nextCare(draining, { kind }, END_MS - 1)).toMatchObject({ care: draining, act: "none" });
      expect(nextCare(draining, { kind }, END_MS)).toMatchObject({ care: draining, act: "destroy" });
    }
  });
});
