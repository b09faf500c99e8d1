import { describe, expect, it } from "vitest";
import { LocalTurns } from "./local-turns.ts";

const FRAME_MS = 20;
const SAMPLES_PER_MS = 16;

function setUp() {
  /** Each turn's audio, and whether it has ended. */
  const turns: { samples: number[]; ended: boolean }[] = [];
  const latest = () => {
    const turn = turns.at(-1);
    if (!turn || turn.ended) return expect.fail("There is no turn.");
    return turn;
  };
  const local = new LocalTurns({
    started: (preRoll) => turns.push({ samples: [...preRoll], ended: false }),
    audio: (pcm) => latest().samples.push(...pcm),
    ended: () => {
      latest().ended = true;
    },
  });
  let heardMs = 0;
  /** Frames whose samples say in which millisecond they were heard. */
  const hears = (ms: number) => {
    for (const end = heardMs + ms; heardMs < end; heardMs += FRAME_MS) {
      const first = heardMs;
      local.audio(
        Int16Array.from(
          { length: FRAME_MS * SAMPLES_PER_MS },
          (_, index) => first + Math.floor(index / SAMPLES_PER_MS),
        ),
      );
    }
  };
  return { local, turns, hears };
}

/** Every millisecond of it, in order and once. */
function expectWhole(samples: number[] | undefined, fromMs: number, toMs: number): void {
  const expected = Array.from({ length: (toMs - fromMs) * SAMPLES_PER_MS }, (_, index) =>
    Math.floor(fromMs + index / SAMPLES_PER_MS),
  );
  expect(samples).toEqual(expected);
}

describe("LocalTurns", () => {
  it("gives a turn whole: from 100 ms before its onset, with what came until the start was sure", () => {
    const { local, turns, hears } = setUp();
    hears(1_000);
    local.started({ beganAtMs: 704 });
    hears(400);
    local.stopped();
    hears(500);
    expect(turns).toHaveLength(1);
    expect(turns[0]?.ended).toBe(true);
    expectWhole(turns[0]?.samples, 604, 1_400);
  });

  it("gives no audio to two turns, however close they are", () => {
    const { local, turns, hears } = setUp();
    hears(400);
    local.started({ beganAtMs: 200 });
    hears(200);
    local.stopped();
    hears(200);
    local.started({ beganAtMs: 620 });
    hears(100);
    expectWhole(turns[0]?.samples, 100, 600);
    expectWhole(turns[1]?.samples, 600, 900);
  });

  it("gives what there is to a turn at the very beginning, and a second of one that is told late", () => {
    const early = setUp();
    early.hears(200);
    early.local.started({ beganAtMs: 0 });
    expectWhole(early.turns[0]?.samples, 0, 200);
    const late = setUp();
    late.hears(3_000);
    late.local.started({ beganAtMs: 100 });
    expectWhole(late.turns[0]?.samples, 2_000, 3_000);
  });

  it("ends a turn when the audio pauses, and takes nothing over from before", () => {
    const { local, turns, hears } = setUp();
    hears(400);
    local.started({ beganAtMs: 300 });
    local.pause();
    expect(turns[0]?.ended).toBe(true);
    hears(60);
    local.pause();
    hears(40);
    local.started({ beganAtMs: 450 });
    expectWhole(turns[1]?.samples, 460, 500);
  });

  it("does not begin or end what has begun or ended", () => {
    const { local, turns, hears } = setUp();
    local.stopped();
    hears(200);
    local.started({ beganAtMs: 100 });
    local.started({ beganAtMs: 100 });
    local.stopped();
    local.stopped();
    expect(turns).toHaveLength(1);
  });
});
