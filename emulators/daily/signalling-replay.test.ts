import { describe, expect, test } from "vitest";
import { isCounted, Replay } from "./signalling-replay.ts";

function said(count: number): Replay<{ n: number }> {
  const replay = new Replay<{ n: number }>();
  for (let n = 0; n < count; n += 1) replay.add({ n });
  return replay;
}

const numbers = (messages: { n: number }[] | null) => messages?.map(({ n }) => n);

describe("what is said again", () => {
  test("is what the other end has not heard", () => {
    expect(numbers(said(3).after(0))).toEqual([0, 1, 2]);
    expect(numbers(said(3).after(2))).toEqual([2]);
    expect(said(3).after(3)).toEqual([]);
  });

  test("goes on from counts that came before", () => {
    const replay = said(3);
    replay.heard(2);
    replay.heard(1); // an older count, which says nothing new
    replay.add({ n: 3 });
    expect(numbers(replay.after(2))).toEqual([2, 3]);
    expect(numbers(replay.after(3))).toEqual([3]);
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

  test("is bounded in size too, or session data of 100 KB each would add up to 100 MB", () => {
    const replay = new Replay<{ data: string }>();
    const large = { data: "x".repeat(102_400) };
    for (let n = 0; n < 41; n += 1) replay.add(large);
    expect(replay.after(0)).toBeNull();
    expect(replay.after(1)).toHaveLength(40);
    // What has been heard takes no place any more.
    replay.heard(41);
    for (let n = 0; n < 40; n += 1) replay.add(large);
    expect(replay.after(41)).toHaveLength(40);
  });
});

test("app messages are not said again, as Daily stores none", () => {
  expect(isCounted({ type: "app-message", from: "a", data: 1 })).toBe(false);
  expect(isCounted({ type: "media", media: { audio: "on", video: "on" } })).toBe(true);
});
