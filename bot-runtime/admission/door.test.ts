import { describe, expect, it } from "vitest";
import { type Door, type Look, nextDoor, OPEN } from "./door.ts";

/** Where the door stands after each of these looks. */
function steps(looks: Look[], from: Door = OPEN): Door["kind"][] {
  let door = from;
  return looks.map((look) => {
    door = nextDoor(door, look);
    return door.kind;
  });
}

const SHUT: Door = { kind: "shut", good: 0 };

describe("nextDoor", () => {
  it("is wary from the first bad second, and shut at the third in a row", () => {
    expect(steps(["good", "fair", "bad", "bad", "bad"])).toEqual(["open", "open", "wary", "wary", "shut"]);
  });

  it("does not add up bad seconds that are apart", () => {
    expect(steps(["bad", "bad", "fair", "bad", "bad", "good", "bad"])).not.toContain("shut");
  });

  it("opens again by steps, each after five good seconds in a row", () => {
    const five: Look[] = ["good", "good", "good", "good", "good"];
    expect(steps(five, SHUT)).toEqual(["shut", "shut", "shut", "shut", "wary"]);
    expect(steps([...five, ...five], SHUT).at(-1)).toBe("open");
  });

  it("stays as it is between the two limits, so that it does not flap", () => {
    const fair: Look[] = Array.from({ length: 20 }, () => "fair");
    expect(new Set(steps(fair, SHUT))).toEqual(new Set(["shut"]));
    expect(steps(["good", "good", "good", "good", "fair", "good"], SHUT)).not.toContain("wary");
    expect(new Set(steps(fair, { kind: "wary", bad: 0, good: 0 }))).toEqual(new Set(["wary"]));
    expect(new Set(steps(fair))).toEqual(new Set(["open"]));
  });
});
