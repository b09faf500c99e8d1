/**
 * Whether the host takes new calls, by what it saw of its own strain. Pure; each look is a second after the last.
 *
 * A strained host fails all its calls at once, so it rather sends a new one elsewhere. Between open and shut it is
 * wary: it takes one call at a time, since what a call costs is seen only some time after it was taken.
 */
export type Door =
  | { kind: "open" }
  /** Takes one call at a time. Looks in a row that were bad, or good. */
  | { kind: "wary"; bad: number; good: number }
  | { kind: "shut"; good: number };

/** What a second looked like. `fair` is neither: it opens nothing and shuts nothing. */
export type Look = "good" | "fair" | "bad";

/** So many bad seconds in a row shut the door: one alone may be a page that was opened, or a large collection. */
const SHUT_AFTER_BAD = 3;
/** So many good ones in a row open it by one step. */
const OPEN_AFTER_GOOD = 5;

export const OPEN: Door = { kind: "open" };

export function nextDoor(door: Door, look: Look): Door {
  switch (door.kind) {
    case "open":
      return look === "bad" ? { kind: "wary", bad: 1, good: 0 } : door;
    case "wary": {
      const bad = look === "bad" ? door.bad + 1 : 0;
      const good = look === "good" ? door.good + 1 : 0;
      if (bad >= SHUT_AFTER_BAD) return { kind: "shut", good: 0 };
      return good >= OPEN_AFTER_GOOD ? OPEN : { kind: "wary", bad, good };
    }
    case "shut": {
      const good = look === "good" ? door.good + 1 : 0;
      return good >= OPEN_AFTER_GOOD ? { kind: "wary", bad: 0, good: 0 } : { kind: "shut", good };
    }
  }
}
