import { describe, expect, it } from "vitest";
import { nextTurn, type TurnEvent, type TurnStyle, turnTaking } from "./turn-taking.ts";

type Step = TurnEvent["kind"] | TurnStyle;

const STYLES: Step[] = ["gemini", "local", "push-to-talk"];

function isStyle(step: Step): step is TurnStyle {
  return STYLES.includes(step);
}

/** What comes of these events, in words. */
function run(style: TurnStyle, ...steps: Step[]): string[] {
  let taking = turnTaking(style);
  return steps.flatMap((step) => {
    const event = isStyle(step) ? ({ kind: "style", style: step } as const) : ({ kind: step } as TurnEvent);
    const next = nextTurn(taking, event);
    taking = next.taking;
    return next.effects.map((effect) => {
      if (effect.kind === "mode") return effect.mode;
      if (effect.kind === "end") return "end";
      return `start ${effect.preRollMs}${effect.interrupt ? " interrupt" : ""}`;
    });
  });
}

describe("nextTurn", () => {
  it("leaves it to Gemini, whatever is heard and pressed", () => {
    expect(
      run("gemini", "speech-started", "pressed", "released", "tail-over", "speech-stopped", "muted"),
    ).toEqual([]);
  });

  it("follows the local detector", () => {
    expect(run("local", "speech-started", "speech-stopped", "speech-started", "speech-stopped")).toEqual([
      "start 500",
      "end",
      "start 500",
      "end",
    ]);
    expect(run("local", "speech-started", "speech-started", "muted", "speech-stopped")).toEqual([
      "start 500",
      "end",
    ]);
    expect(run("local", "speech-stopped", "pressed", "released", "muted")).toEqual([]);
  });

  it("follows the button, with a tail", () => {
    expect(run("push-to-talk", "pressed", "released")).toEqual(["start 300 interrupt"]);
    expect(run("push-to-talk", "pressed", "released", "tail-over")).toEqual(["start 300 interrupt", "end"]);
  });

  it("does not mind a double press, nor a release without one", () => {
    expect(
      run("push-to-talk", "released", "tail-over", "pressed", "pressed", "released", "released"),
    ).toEqual(["start 300 interrupt"]);
  });

  it("goes on with a turn when the button is pressed again in its tail", () => {
    expect(
      run("push-to-talk", "pressed", "released", "pressed", "tail-over", "released", "tail-over"),
    ).toEqual(["start 300 interrupt", "end"]);
  });

  it("ends the turn when the microphone is muted or the client leaves, pressed or not", () => {
    expect(run("push-to-talk", "pressed", "muted", "released", "tail-over")).toEqual([
      "start 300 interrupt",
      "end",
    ]);
    expect(run("push-to-talk", "muted")).toEqual([]);
  });

  it("does not take speech for a press", () => {
    expect(run("push-to-talk", "speech-started", "speech-stopped")).toEqual([]);
    expect(run("push-to-talk", "pressed", "speech-started", "speech-stopped")).toEqual([
      "start 300 interrupt",
    ]);
  });

  it("ends the turn before the style changes, and tells the mode only where it is another", () => {
    expect(run("local", "speech-started", "push-to-talk", "speech-stopped", "pressed", "gemini")).toEqual([
      "start 500",
      "end",
      "start 300 interrupt",
      "end",
      "auto",
    ]);
    expect(run("gemini", "push-to-talk", "push-to-talk", "gemini")).toEqual(["manual", "auto"]);
    expect(run("gemini", "gemini")).toEqual([]);
  });

  it("has an end for each start, and a start for each end, whatever happens", () => {
    const kinds: Step[] = [...STYLES, "speech-started", "speech-stopped", "pressed", "released", "tail-over"];
    let seed = 1;
    const steps = Array.from({ length: 5_000 }, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return kinds[(seed >>> 16) % kinds.length] ?? "muted";
    });
    const turns = run("gemini", ...steps, "muted").filter((effect) => /start|end/.test(effect));
    expect(turns.length).toBeGreaterThan(500);
    turns.forEach((effect, i) => {
      expect(effect.startsWith(i % 2 === 0 ? "start" : "end")).toBe(true);
    });
    expect(turns.length % 2).toBe(0);
  });
});
