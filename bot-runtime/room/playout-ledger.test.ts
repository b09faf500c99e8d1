import { beforeEach, describe, expect, it } from "vitest";
import type { Position } from "./bridge/audio-frames.ts";
import { MAX_PLAY_FRAME_SAMPLES, PLAY_LEAD_SAMPLES } from "./bridge/limits.ts";
import { PlayoutLedger } from "./playout-ledger.ts";

const SECOND = 24_000;
let ledger: PlayoutLedger;

beforeEach(() => {
  ledger = new PlayoutLedger();
});

function speech(samples: number): Int16Array {
  return new Int16Array(samples);
}

/** Sends all that may be sent; the samples of each frame. */
function send(): number[] {
  const sizes: number[] = [];
  for (let frame = ledger.next(); frame; frame = ledger.next()) sizes.push(frame.pcm.length);
  return sizes;
}

function total(sizes: number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}

function position(played: Partial<Position>): Position {
  return { playedGeneration: 0, playedSamples: 0, consumedSamples: 0, framesLost: 0, ...played };
}

function report(
  kind: "started" | "drained" | "flushed" | "progress",
  generation: number,
  at: Partial<Position> = {},
) {
  return ledger.report({ kind, generation, position: position({ playedGeneration: generation, ...at }) });
}

describe("sending", () => {
  it("splits speech into frames and keeps its order", () => {
    ledger.play(
      Int16Array.from({ length: 5_000 }, (_, index) => index),
      1,
    );
    const frames = [ledger.next(), ledger.next(), ledger.next(), ledger.next()];
    expect(frames.map((frame) => frame?.pcm[0])).toEqual([0, 2_400, 4_800, undefined]);
    expect(frames.map((frame) => frame?.pcm.length)).toEqual([2_400, 2_400, 200, undefined]);
  });

  it("stays ahead by the lead, and no more", () => {
    ledger.play(speech(10 * SECOND), 1);
    expect(total(send())).toBe(PLAY_LEAD_SAMPLES);
    expect(send()).toEqual([]);
    report("progress", 0, { consumedSamples: MAX_PLAY_FRAME_SAMPLES - 1 });
    expect(send()).toEqual([]);
    report("progress", 0, { consumedSamples: MAX_PLAY_FRAME_SAMPLES });
    expect(send()).toEqual([MAX_PLAY_FRAME_SAMPLES]);
  });

  it("sends everything in the end", () => {
    ledger.play(speech(30 * SECOND + 7), 1);
    let sent = 0;
    for (let round = 0; round < 1_000; round++) {
      sent += total(send());
      report("progress", 0, { consumedSamples: sent });
    }
    expect(sent).toBe(30 * SECOND + 7);
  });

  it("counts on when the counters wrap", () => {
    let sent = 0;
    const rounds = Math.ceil(2 ** 32 / PLAY_LEAD_SAMPLES) + 2;
    const lead = speech(PLAY_LEAD_SAMPLES);
    for (let round = 0; round < rounds; round++) {
      ledger.play(lead, 1);
      const now = total(send());
      if (now !== PLAY_LEAD_SAMPLES) expect(now).toBe(PLAY_LEAD_SAMPLES);
      sent = (sent + now) >>> 0;
      report("progress", 0, { consumedSamples: sent });
    }
  }, 30_000);

  it("refuses what is more than it can hold", () => {
    const minute = speech(60 * SECOND);
    for (let index = 0; index < 10; index++) expect(ledger.play(minute, 1)).toBe("queued");
    expect(ledger.play(speech(1), 1)).toBe("full");
    send();
    expect(ledger.play(speech(1), 1)).toBe("queued");
  });

  it("refuses speech older than the newest", () => {
    ledger.play(speech(10), 2);
    expect(ledger.play(speech(10), 1)).toBe("late");
    expect(total(send())).toBe(10);
  });
});

describe("the events of a bot", () => {
  it("tell an answer from start to end", () => {
    ledger.play(speech(SECOND), 1);
    send();
    expect(report("started", 1)).toEqual([{ kind: "started", generation: 1 }]);
    expect(report("drained", 1, { playedSamples: SECOND, consumedSamples: SECOND })).toEqual([
      { kind: "drained", generation: 1, playedMs: 1_000 },
    ]);
  });

  it("tell how far an answer was heard, five times a second", () => {
    ledger.play(speech(SECOND), 1);
    send();
    const told: unknown[] = [];
    report("started", 1);
    for (let played = 480; played < SECOND; played += 480) {
      told.push(...report("progress", 0, { playedGeneration: 1, playedSamples: played }));
    }
    expect(told).toEqual(
      [200, 400, 600, 800].map((playedMs) => ({ kind: "progress", generation: 1, playedMs })),
    );
  });

  it("tell no progress of an answer that does not play: before its start, after its end and its flush", () => {
    const at = { playedGeneration: 1, playedSamples: SECOND / 2, consumedSamples: SECOND / 2 };
    expect(report("progress", 0, { ...at, consumedSamples: 0 })).toEqual([]);
    ledger.play(speech(SECOND / 2), 1);
    send();
    report("started", 1);
    report("drained", 1, at);
    expect(report("progress", 0, at)).toEqual([]);
    ledger.play(speech(SECOND), 2);
    send();
    report("started", 2);
    ledger.flush(2);
    report("flushed", 2, { ...at, playedGeneration: 2 });
    expect(report("progress", 0, { ...at, playedGeneration: 2 })).toEqual([]);
  });

  it("are not told of a page that ran dry while more was to be sent", () => {
    ledger.play(speech(3 * SECOND), 1);
    send();
    report("started", 1);
    const dry = { playedSamples: 2 * SECOND, consumedSamples: 2 * SECOND };
    expect(report("drained", 1, dry)).toEqual([]);
    expect(ledger.underruns).toBe(1);
    send();
    expect(report("started", 1, dry)).toEqual([]);
    expect(report("drained", 1, { playedSamples: 3 * SECOND, consumedSamples: 3 * SECOND })).toEqual([
      { kind: "drained", generation: 1, playedMs: 3_000 },
    ]);
  });

  it("are not told of a page that ran dry while more was on its way", () => {
    ledger.play(speech(100), 1);
    send();
    report("started", 1);
    ledger.play(speech(100), 1);
    send();
    expect(report("drained", 1, { playedSamples: 100, consumedSamples: 100 })).toEqual([]);
    expect(ledger.underruns).toBe(0);
    report("started", 1);
    expect(report("drained", 1, { playedSamples: 200, consumedSamples: 200 })).toHaveLength(1);
  });

  it("are not told of a page that ran dry while more was on its way, with the next answer behind it", () => {
    ledger.play(speech(100), 1);
    send();
    report("started", 1);
    ledger.play(speech(100), 1);
    ledger.play(speech(100), 2);
    send();
    expect(report("drained", 1, { playedSamples: 100, consumedSamples: 100 })).toEqual([]);
    expect(report("started", 1)).toEqual([]);
    expect(report("drained", 1, { playedSamples: 200, consumedSamples: 200 })).toEqual([
      { kind: "drained", generation: 1, playedMs: 8 },
    ]);
    expect(report("started", 2)).toEqual([{ kind: "started", generation: 2 }]);
  });

  it("tell the end of an answer though the next is waiting", () => {
    ledger.play(speech(100), 1);
    ledger.play(speech(100), 2);
    send();
    report("started", 1);
    expect(report("drained", 1, { playedSamples: 100, consumedSamples: 100 })).toEqual([
      { kind: "drained", generation: 1, playedMs: 4 },
    ]);
    expect(report("started", 2)).toEqual([{ kind: "started", generation: 2 }]);
  });

  it("tell again when a drained answer goes on", () => {
    ledger.play(speech(100), 1);
    send();
    report("started", 1);
    report("drained", 1, { playedSamples: 100, consumedSamples: 100 });
    ledger.play(speech(100), 1);
    send();
    expect(report("started", 1)).toEqual([{ kind: "started", generation: 1 }]);
  });
});

describe("flush", () => {
  it("forgets what was not sent, and tells what had been heard", () => {
    ledger.play(speech(10 * SECOND), 1);
    send();
    report("started", 1);
    ledger.flush(1);
    expect(send()).toEqual([]);
    expect(report("flushed", 1, { playedSamples: SECOND, consumedSamples: PLAY_LEAD_SAMPLES })).toEqual([
      { kind: "flushed", generation: 1, playedMs: 1_000 },
    ]);
    expect(ledger.play(speech(10), 1)).toBe("late");
    ledger.play(speech(3 * SECOND), 2);
    expect(total(send())).toBe(PLAY_LEAD_SAMPLES);
  });

  it("tells of every answer that it ended, the one heard and those that never began", () => {
    for (const generation of [1, 2, 3]) ledger.play(speech(SECOND / 2), generation);
    send();
    report("started", 1);
    ledger.flush(2);
    const at = { playedGeneration: 1, playedSamples: 240, consumedSamples: SECOND };
    expect(report("flushed", 2, at)).toEqual([
      { kind: "flushed", generation: 1, playedMs: 10 },
      { kind: "flushed", generation: 2, playedMs: 0 },
    ]);
    expect(report("started", 3)).toEqual([{ kind: "started", generation: 3 }]);
  });

  it("keeps newer speech that was not sent yet", () => {
    ledger.play(speech(3 * SECOND), 1);
    ledger.play(speech(SECOND), 2);
    send();
    ledger.flush(1);
    report("flushed", 1, { consumedSamples: PLAY_LEAD_SAMPLES });
    expect(total(send())).toBe(SECOND);
  });

  it("is told also when there was nothing", () => {
    ledger.flush(4);
    expect(report("flushed", 4, { playedGeneration: 0 })).toEqual([
      { kind: "flushed", generation: 4, playedMs: 0 },
    ]);
  });
});

describe("going on in another page", () => {
  /** Speech whose samples count on, so that it can be told which they are. */
  function counted(from: number, samples: number): Int16Array {
    return Int16Array.from({ length: samples }, (_, index) => (from + index) % 30_000);
  }

  /** What is sent next, in one piece, with its generations. */
  function sendAll(): { generation: number; first: number | undefined; samples: number }[] {
    const found: { generation: number; first: number | undefined; samples: number }[] = [];
    for (let frame = ledger.next(); frame; frame = ledger.next()) {
      const last = found.at(-1);
      if (last?.generation === frame.generation) last.samples += frame.pcm.length;
      else found.push({ generation: frame.generation, first: frame.pcm[0], samples: frame.pcm.length });
    }
    return found;
  }

  const REWOUND = 0.2 * SECOND;

  it("sends again what was not heard, from a little before, and counts on where it was", () => {
    ledger.play(counted(0, SECOND), 1);
    send();
    report("started", 1);
    report("progress", 0, { playedGeneration: 1, playedSamples: 12_000, consumedSamples: 12_000 });
    expect(ledger.goOn()).toEqual([]);
    const again = 12_000 + REWOUND;
    expect(sendAll()).toEqual([{ generation: 1, first: 12_000 - REWOUND, samples: again }]);
    // It plays already, as far as the bot is concerned.
    expect(report("started", 1)).toEqual([]);
    const progress = report("progress", 0, {
      playedGeneration: 1,
      playedSamples: 9_600,
      consumedSamples: 9_600,
    });
    expect(progress).toEqual([{ kind: "progress", generation: 1, playedMs: 700 }]);
    const played = { playedGeneration: 1, playedSamples: again, consumedSamples: again };
    expect(report("drained", 1, played)).toEqual([{ kind: "drained", generation: 1, playedMs: 1_000 }]);
  });

  it("keeps what it was given meanwhile, behind what was on its way", () => {
    ledger.play(counted(0, 4_800), 1);
    send();
    ledger.play(counted(4_800, 4_800), 1);
    ledger.play(counted(100, 2_400), 2);
    expect(ledger.goOn()).toEqual([]);
    expect(sendAll()).toEqual([
      { generation: 1, first: 0, samples: 9_600 },
      { generation: 2, first: 100, samples: 2_400 },
    ]);
    expect(report("started", 1)).toEqual([{ kind: "started", generation: 1 }]);
  });

  it("tells of a flush that the lost page did not, and sends nothing of it", () => {
    ledger.play(counted(0, SECOND), 1);
    send();
    report("started", 1);
    report("progress", 0, { playedGeneration: 1, playedSamples: 2_400, consumedSamples: 2_400 });
    ledger.flush(1);
    ledger.play(counted(7, 2_400), 2);
    expect(ledger.goOn()).toEqual([{ kind: "flushed", generation: 1, playedMs: 100 }]);
    expect(sendAll()).toEqual([{ generation: 2, first: 7, samples: 2_400 }]);
    expect(report("started", 2)).toEqual([{ kind: "started", generation: 2 }]);
  });

  it("has played to its end what was heard and not yet told", () => {
    ledger.play(counted(0, 2_400), 1);
    ledger.play(counted(0, 4_800), 2);
    send();
    report("started", 1);
    report("started", 2, { playedGeneration: 1, playedSamples: 2_400, consumedSamples: 2_400 });
    expect(ledger.goOn()).toEqual([{ kind: "drained", generation: 1, playedMs: 100 }]);
    expect(sendAll()).toEqual([{ generation: 2, first: 0, samples: 4_800 }]);
  });

  it("says nothing again that was over", () => {
    ledger.play(counted(0, 2_400), 1);
    send();
    report("started", 1);
    report("drained", 1, { playedSamples: 2_400, consumedSamples: 2_400 });
    expect(ledger.goOn()).toEqual([]);
    expect(sendAll()).toEqual([]);
  });

  it("can be done again and again, and nothing is lost or counted twice", () => {
    const length = 10 * SECOND;
    ledger.play(counted(0, length), 1);
    let heard = 0;
    let at = 0;
    for (let page = 0; page < 5; page++) {
      sendAll();
      report("started", 1);
      const played = SECOND;
      const [progress] = report("progress", 0, {
        playedGeneration: 1,
        playedSamples: played,
        consumedSamples: played,
      });
      heard = at + played;
      expect(progress).toEqual({ kind: "progress", generation: 1, playedMs: heard / 24 });
      expect(ledger.goOn()).toEqual([]);
      at = heard - REWOUND;
    }
    // A page that was lost before it played anything changes nothing.
    expect(sendAll()[0]?.first).toBe(at % 30_000);
    expect(ledger.goOn()).toEqual([]);
    expect(sendAll()[0]?.first).toBe(at % 30_000);
  });
});
