import { describe, expect, it } from "vitest";
import { firstTurn, missedAt, nextTurn, type TurnEvent, type TurnState } from "./turn-state.ts";

const ANSWER_MS = 10_000;

/** The state after these events, each at its time, and the last one's evidence. */
function seen(...events: [now: number, event: TurnEvent][]) {
  return events.reduce<{ turn: TurnState; evidence?: string | undefined }>(
    ({ turn }, [now, event]) => nextTurn(turn, event, { now, off: new Set() }),
    { turn: firstTurn(0) },
  );
}

const asked: TurnEvent = { kind: "asked" };
const sound: TurnEvent = { kind: "answer-sound", audible: true };
const silence: TurnEvent = { kind: "answer-sound", audible: false };
const complete: TurnEvent = { kind: "turn-complete", refused: false };
const spoke: TurnEvent = { kind: "user-stopped", sure: true };

describe("an answer that is owed", () => {
  it("is not missed while an earlier one still plays, which a word would cut off", () => {
    const { turn } = seen([0, asked], [100, sound], [200, { kind: "generated" }], [5_000, spoke]);
    expect(missedAt(turn, ANSWER_MS)).toBe(65_000);
    // From its end on, it is.
    const { turn: over } = seen([0, asked], [100, sound], [5_000, spoke], [20_000, complete]);
    expect(missedAt(over, ANSWER_MS)).toBe(30_000);
  });

  it("is missed when the earlier one was interrupted", () => {
    const { turn } = seen([0, asked], [100, sound], [4_000, { kind: "interrupted" }], [5_000, spoke]);
    expect(missedAt(turn, ANSWER_MS)).toBe(15_000);
  });

  it("is a new one when the end of an interrupted one never came", () => {
    const cut: [number, TurnEvent][] = [
      [0, asked],
      [100, sound],
      [1_000, { kind: "interrupted" }],
      [2_000, spoke],
    ];
    expect(seen(...cut, [2_500, silence], [3_000, complete]).evidence).toBe("silent-turn");
    // What still comes of the old one does not make one.
    expect(seen(...cut.slice(0, 3), [1_500, silence], [1_600, complete]).evidence).toBeUndefined();
  });
});
