import type { Failure } from "../connection/failure.ts";
import { explain, statusKey } from "./explain.ts";
import { TEXTS } from "./texts.ts";

it.each([
  [401, "failure.unauthorized"],
  [403, "failure.forbidden"],
  [404, "failure.unexpected"],
  [429, "failure.busy"],
  [503, "failure.busy"],
  [422, "failure.refused"],
  [500, "failure.refused"],
])("says what a refusal with %d means, with the service's own sentence", (status, title) => {
  expect(explain({ kind: "refused", status, detail: "because" })).toMatchObject({ title, detail: "because" });
  expect(explain({ kind: "refused", status, detail: " " }).detail).toBeUndefined();
});

it("has words for every failure", () => {
  const failures: Failure[] = [
    { kind: "unreachable" },
    { kind: "unexpected-reply" },
    { kind: "start-timeout" },
    { kind: "join-timeout" },
    { kind: "ready-timeout" },
    { kind: "daily-unloadable" },
    { kind: "needs-browser" },
    { kind: "daily", detail: "x" },
    { kind: "network" },
    { kind: "assistant-lost" },
    { kind: "assistant", detail: "x" },
    { kind: "unknown", detail: "x" },
  ];
  for (const failure of failures) {
    const { title, advice } = explain(failure);
    expect([TEXTS["en-US"][title], TEXTS["en-US"][advice]].every(Boolean)).toBe(true);
  }
});

it("tells the state of a call in one line", () => {
  const live = { phase: "live", sessionId: "s" } as const;
  const open = { mode: "open" } as const;
  const up = { mode: "push", talking: "no", pressedAtMs: 0 } as const;
  const down = { ...up, talking: "held" } as const;
  expect(statusKey(live, { speaker: "nobody-yet", talk: open, muted: false })).toBe("status.ready");
  expect(statusKey(live, { speaker: "user", talk: open, muted: false })).toBe("status.listening");
  expect(statusKey(live, { speaker: "both", talk: open, muted: true })).toBe("status.speaking");
  expect(statusKey(live, { speaker: "nobody", talk: open, muted: true })).toBe("status.muted");
  expect(statusKey(live, { speaker: "nobody-yet", talk: up, muted: false })).toBe("status.push");
  expect(statusKey(live, { speaker: "nobody", talk: down, muted: false })).toBe("status.listening");
  expect(statusKey({ phase: "waiting", sessionId: "s" }, { speaker: "user", talk: open, muted: false })).toBe(
    "status.waiting",
  );
});
