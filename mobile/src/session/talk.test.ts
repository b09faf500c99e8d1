import { isPressed, LATCH_WITHIN_MS, nextTalk, OPEN_MICROPHONE, type Talk, type TalkEvent } from "./talk.ts";

const PUSH: Talk = { mode: "push", talking: "no", pressedAtMs: 0 };

function after(...events: TalkEvent[]): Talk {
  return events.reduce(nextTalk, PUSH);
}
const press = (atMs: number): TalkEvent => ({ type: "press", atMs });
const release = (atMs: number): TalkEvent => ({ type: "release", atMs });

it("listens as long as the button is held", () => {
  expect(isPressed(after(press(0)))).toBe(true);
  expect(isPressed(after(press(0), release(LATCH_WITHIN_MS)))).toBe(false);
});

it("latches with a short press, until the end of the next one", () => {
  const latched = after(press(0), release(LATCH_WITHIN_MS - 1));
  expect(latched).toMatchObject({ talking: "latched" });
  const pressedAgain = nextTalk(latched, press(5_000));
  expect(isPressed(pressedAgain)).toBe(true);
  expect(isPressed(nextTalk(pressedAgain, release(5_010)))).toBe(false);
});

it("is toggled by who cannot hold", () => {
  const on = after({ type: "toggle" });
  expect(on).toMatchObject({ talking: "latched" });
  expect(isPressed(nextTalk(on, { type: "toggle" }))).toBe(false);
});

it("lets go when the touch was lost", () => {
  expect(isPressed(after(press(0), { type: "lost" }))).toBe(false);
  expect(after({ type: "lost" })).toBe(PUSH);
});

it("has no button in the other mode", () => {
  for (const event of [press(0), release(0), { type: "toggle" }, { type: "lost" }] as const) {
    expect(nextTalk(OPEN_MICROPHONE, event)).toBe(OPEN_MICROPHONE);
  }
  expect(nextTalk(PUSH, { type: "mode", mode: "push" })).toBe(PUSH);
  expect(nextTalk(after(press(0)), { type: "mode", mode: "open" })).toEqual(OPEN_MICROPHONE);
  expect(nextTalk(OPEN_MICROPHONE, { type: "mode", mode: "push" })).toEqual(PUSH);
});
