import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  isOpen,
  LATCH_WITHIN_MS,
  nextTalk,
  OPEN_MICROPHONE,
  PushToTalk,
  TAIL_MS,
  type TalkEvent,
} from "./push-to-talk.ts";

const push: TalkEvent = { type: "mode", mode: "push" };
const press = (atMs: number): TalkEvent => ({ type: "press", atMs });
const release = (atMs: number): TalkEvent => ({ type: "release", atMs });

function resultOf(...events: TalkEvent[]) {
  const talk = events.reduce(nextTalk, OPEN_MICROPHONE);
  return talk.mode === "open" ? "open" : talk.talking;
}

describe("push to talk", () => {
  it("leaves the microphone open as long as it is off, whatever is pressed", () => {
    expect(resultOf(press(0), release(900), { type: "toggle" })).toBe("open");
    expect(isOpen(OPEN_MICROPHONE)).toBe(true);
  });

  it("is heard while the button is held, and a tail longer", () => {
    expect(resultOf(push)).toBe("no");
    expect(resultOf(push, press(0))).toBe("held");
    expect(resultOf(push, press(0), release(900))).toBe("tail");
    expect(resultOf(push, press(0), release(900), { type: "tail-over" })).toBe("no");
  });

  it("latches after a short press, until the next one is over", () => {
    const latched = [push, press(0), release(LATCH_WITHIN_MS - 1)];
    expect(resultOf(...latched)).toBe("latched");
    expect(resultOf(...latched, press(5_000))).toBe("latched");
    expect(resultOf(...latched, press(5_000), release(5_050))).toBe("tail");
  });

  it("goes on when it is pressed again during the tail", () => {
    expect(resultOf(push, press(0), release(900), press(950))).toBe("held");
    expect(resultOf(push, press(0), release(900), press(950), { type: "tail-over" })).toBe("held");
  });

  it("can be used without holding anything", () => {
    expect(resultOf(push, { type: "toggle" })).toBe("latched");
    expect(resultOf(push, { type: "toggle" }, { type: "toggle" })).toBe("tail");
  });

  it("does not stay open when the page loses the key, but a latched microphone does", () => {
    expect(resultOf(push, press(0), { type: "lost" })).toBe("tail");
    expect(resultOf(push, { type: "toggle" }, { type: "lost" })).toBe("latched");
  });

  it("opens the microphone again when it is switched off", () => {
    expect(resultOf(push, { type: "mode", mode: "open" })).toBe("open");
  });
});

describe("the tail", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("mutes after its time, and not while the button is held again", () => {
    const seen: boolean[] = [];
    const talk = new PushToTalk((now) => seen.push(isOpen(now)));
    for (const event of [push, press(0), release(900)]) talk.send(event);
    vi.advanceTimersByTime(TAIL_MS - 1);
    talk.send(press(1_000));
    vi.advanceTimersByTime(TAIL_MS * 2);
    expect(seen.at(-1)).toBe(true);
    talk.send(release(2_000));
    vi.advanceTimersByTime(TAIL_MS);
    expect(seen.at(-1)).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves no timer behind at the end of a call, and the microphone muted", () => {
    const talk = new PushToTalk(() => undefined);
    for (const event of [push, press(0), release(900)]) talk.send(event);
    talk.reset();
    expect(vi.getTimerCount()).toBe(0);
    expect(isOpen(talk.talk)).toBe(false);
  });
});
