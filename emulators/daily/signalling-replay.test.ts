import { describe, expect, test } from "vitest";
import { isCounted, Replay } from "./signalling-replay.ts";

function said(count: number): Replay<number> {
  const replay = new Replay<number>();
  for (let n = 0; n < count; n += 1) replay.add(n);
  return replay;
}

describe("what is said again", () => {
  test("is what the other end has not heard", () => {
    expect(said(3).after(0)).toEqual([0, 1, 2]);
    expect(said(3).after(2)).toEqual([2]);
    expect(said(3).after(3)).toEqual([]);
  });

  test("goes on from counts that came before", () => {
    const replay = said(3);
    replay.heard(2);
    replay.heard(1); // an older count, which says nothing new
    replay.add(3);
    expect(replay.after(2)).toEqual([2, 3]);
    expect(replay.after(3)).toEqual([3]);
  });

  test("cannot be told to one who has heard less than is kept, or more than was said", () => {
    const replay = said(3);
    replay.heard(2);
    expect(replay.after(1)).toBeNull();
    expect(replay.after(4)).toBeNull();
  });

  test("is bounded: who has heard nothing of too much cannot resume", () => {
    expect(said(1_001).after(0)).toBeNull();
    expect(said(1_001).after(1)).toHaveLength(1_000);
  });
});

test("app messages are not said again, as Daily stores none", () => {
  expect(isCounted({ type: "app-message", from: "a", data: 1 })).toBe(false);
  expect(isCounted({ type: "media", media: { audio: "on", video: "on" } })).toBe(true);
});
