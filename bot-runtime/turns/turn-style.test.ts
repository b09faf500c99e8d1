import { describe, expect, it } from "vitest";
import { type TurnsLogEvent, turnStyleOf } from "./turn-style.ts";

function asked(turns: unknown) {
  const logged: TurnsLogEvent[] = [];
  return { style: turnStyleOf(turns, (event) => logged.push(event)), logged };
}

describe("turnStyleOf", () => {
  it.each(["gemini", "local", "push-to-talk"])("takes turns as asked: %s", (style) => {
    expect(asked(style)).toEqual({ style, logged: [] });
  });

  it.each([[undefined], [null]])("leaves them to the model where nothing is asked: %s", (turns) => {
    expect(asked(turns)).toEqual({ style: "gemini", logged: [] });
  });

  it.each(["Local", "", 3, { style: "local" }])(
    "does the same for what it does not know, and says so: %j",
    (turns) => {
      const known = ["gemini", "local", "push-to-talk"];
      const told = { event: "turns.style_unknown", level: "warn", known };
      expect(asked(turns)).toEqual({ style: "gemini", logged: [told] });
    },
  );
});
