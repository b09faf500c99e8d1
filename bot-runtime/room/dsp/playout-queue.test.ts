import { beforeEach, describe, expect, it } from "vitest";
import { FADE_SAMPLES, PlayoutQueue } from "./playout-queue.ts";
import { seededRandom } from "./signals.ts";

/** 5 ms at 24 kHz: half of a render quantum of 480 at 48 kHz. */
const BLOCK = 240;
const LEVEL = 8_192;
const LOUD = LEVEL / 32_768;

let events: string[];
let queue: PlayoutQueue;

beforeEach(() => {
  events = [];
  queue = new PlayoutQueue({
    capacity: 24_000,
    sink: {
      started: (generation) => events.push(`started ${generation}`),
      drained: (generation) => events.push(`drained ${generation} ${queue.playedSamples}`),
      flushed: (generation) => events.push(`flushed ${generation} ${queue.playedSamples}`),
    },
  });
});

function speech(samples: number): Int16Array {
  return new Int16Array(samples).fill(LEVEL);
}

/** Values 1, 2, 3… that show which sample is which. */
function numbered(samples: number, first = 1): Int16Array {
  return Int16Array.from({ length: samples }, (_, index) => first + index);
}

function read(samples = BLOCK): Float32Array {
  const out = new Float32Array(samples).fill(Number.NaN);
  queue.read(out);
  return out;
}

function numbersOf(out: Float32Array): number[] {
  return Array.from(out, (sample) => Math.round(sample * 32_768));
}

describe("playing", () => {
  it("is silent with nothing to play, and says so", () => {
    expect(queue.read(new Float32Array(BLOCK))).toBe(false);
    expect(read()).toEqual(new Float32Array(BLOCK));
    expect(events).toEqual([]);
  });

  it("plays what was written, to the sample", () => {
    queue.write(1, numbered(BLOCK));
    queue.write(1, numbered(10, BLOCK + 1));
    expect(numbersOf(read())).toEqual([...numbered(BLOCK)]);
    expect(events).toEqual(["started 1"]);
    expect(numbersOf(read()).slice(0, 11)).toEqual([...numbered(10, BLOCK + 1), 0]);
    expect(events).toEqual(["started 1", `drained 1 ${BLOCK + 10}`]);
  });

  it("tells the end of an answer once, also when it ends with a block", () => {
    queue.write(1, speech(BLOCK));
    read();
    expect(events).toEqual(["started 1", `drained 1 ${BLOCK}`]);
    read();
    expect(events).toHaveLength(2);
  });

  it("counts on when more of a drained answer comes", () => {
    queue.write(1, speech(100));
    read();
    queue.write(1, speech(50));
    read();
    expect(events).toEqual(["started 1", "drained 1 100", "started 1", "drained 1 150"]);
  });

  it("goes from one answer to the next within a block, and counts each for itself", () => {
    queue.write(1, speech(100));
    queue.write(2, speech(500));
    read();
    expect(events).toEqual(["started 1", "drained 1 100", "started 2"]);
    expect(queue.playedGeneration).toBe(2);
    expect(queue.playedSamples).toBe(BLOCK - 100);
  });

  it("plays several answers in one block", () => {
    for (const generation of [1, 2, 3]) queue.write(generation, speech(10));
    read();
    expect(events).toEqual([
      "started 1",
      "drained 1 10",
      "started 2",
      "drained 2 10",
      "started 3",
      "drained 3 10",
    ]);
  });

  it("takes empty speech for none", () => {
    queue.write(1, speech(0));
    read();
    expect(events).toEqual([]);
  });

  it("drops what is older than the newest answer", () => {
    queue.write(2, speech(10));
    queue.write(1, speech(10));
    read();
    expect(events).toEqual(["started 2", "drained 2 10"]);
    expect(queue.droppedSamples).toBe(10);
  });
});

describe("bounds", () => {
  it("refuses the newest speech when it is full, and counts it as consumed", () => {
    queue.write(1, speech(23_000));
    queue.write(1, speech(2_000));
    expect(queue.queuedSamples).toBe(24_000);
    expect(queue.droppedSamples).toBe(1_000);
    expect(queue.consumedSamples).toBe(1_000);
  });

  it("does not stall on an answer that found no room", () => {
    queue.write(1, speech(24_000));
    queue.write(2, speech(10));
    for (let block = 0; block < 101; block++) read();
    expect(events).toEqual(["started 1", "drained 1 24000"]);
    queue.write(3, speech(10));
    read();
    expect(events.slice(2)).toEqual(["started 3", "drained 3 10"]);
  });

  it("refuses more answers at once than it can tell apart", () => {
    for (let generation = 1; generation <= 40; generation++) queue.write(generation, speech(1));
    expect(queue.queuedSamples).toBe(32);
    expect(queue.droppedSamples).toBe(8);
    read();
    expect(events.at(-1)).toBe("drained 32 1");
  });
});

describe("flush", () => {
  it("silences within one block, with a fade", () => {
    queue.write(1, speech(10_000));
    read();
    queue.flush(1);
    const out = read();
    expect(out[0]).toBeCloseTo(LOUD * (1 - 1 / FADE_SAMPLES), 5);
    for (let index = 1; index < FADE_SAMPLES; index++) {
      expect(out[index]).toBeLessThan(out[index - 1] ?? 0);
    }
    expect(out.subarray(FADE_SAMPLES - 1)).toEqual(new Float32Array(BLOCK - FADE_SAMPLES + 1));
    expect(events).toEqual(["started 1", `flushed 1 ${BLOCK + FADE_SAMPLES}`]);
    expect(queue.queuedSamples).toBe(0);
  });

  it("never jumps by more than the fade's step", () => {
    queue.write(1, speech(10_000));
    read();
    queue.flush(1);
    const out = read();
    let before = LOUD;
    for (const sample of out) {
      expect(Math.abs(sample - before)).toBeLessThanOrEqual(LOUD / FADE_SAMPLES + 1e-6);
      before = sample;
    }
  });

  it("fits into the smallest quantum", () => {
    queue.write(1, speech(10_000));
    read(64);
    queue.flush(1);
    expect(read(64).at(-1)).toBe(0);
    expect(read(64)).toEqual(new Float32Array(64));
  });

  it("drops what still arrives of the answer", () => {
    queue.write(1, speech(1_000));
    read();
    queue.flush(1);
    queue.write(1, speech(1_000));
    read();
    queue.write(1, speech(1_000));
    expect(read()).toEqual(new Float32Array(BLOCK));
    expect(queue.droppedSamples).toBe(1_000 - BLOCK - FADE_SAMPLES + 2_000);
    expect(queue.consumedSamples).toBe(3_000);
  });

  it("goes on with the next answer in the same block", () => {
    queue.write(1, speech(1_000));
    read();
    queue.flush(1);
    queue.write(2, numbered(1_000));
    const out = read();
    expect(numbersOf(out.subarray(FADE_SAMPLES)).slice(0, 3)).toEqual([1, 2, 3]);
    expect(events.slice(1)).toEqual([`flushed 1 ${BLOCK + FADE_SAMPLES}`, "started 2"]);
  });

  it("leaves newer answers alone", () => {
    queue.write(1, speech(1_000));
    queue.write(2, speech(1_000));
    read();
    queue.flush(1);
    read();
    expect(events.slice(1)).toEqual([`flushed 1 ${BLOCK + FADE_SAMPLES}`, "started 2"]);
    expect(queue.queuedSamples).toBe(1_000 - (BLOCK - FADE_SAMPLES));
  });

  it("takes several answers at once", () => {
    for (const generation of [1, 2, 3]) queue.write(generation, speech(1_000));
    read();
    queue.flush(2);
    read();
    expect(events).toContain(`flushed 2 ${BLOCK + FADE_SAMPLES}`);
    expect(queue.playedGeneration).toBe(3);
  });

  it("is confirmed also when there is nothing", () => {
    queue.flush(7);
    read();
    expect(events).toEqual(["flushed 7 0"]);
    queue.write(7, speech(10));
    queue.write(8, speech(10));
    read();
    expect(events.slice(1)).toEqual(["started 8", "drained 8 10"]);
  });

  it("never goes back", () => {
    queue.flush(5);
    queue.flush(3);
    queue.write(5, speech(10));
    read();
    expect(events).toEqual(["flushed 5 0"]);
  });

  it("resumes, without a sound of what was paused", () => {
    queue.write(1, speech(1_000));
    read();
    queue.pause();
    read();
    queue.flush(1);
    expect(read()).toEqual(new Float32Array(BLOCK));
    queue.write(2, speech(BLOCK));
    expect(read()[0]).toBeCloseTo(LOUD, 5);
    expect(events).toEqual(["started 1", `flushed 1 ${BLOCK}`, "started 2", `drained 2 ${BLOCK}`]);
  });

  it("does not fade in an answer that had not begun", () => {
    queue.write(1, speech(1_000));
    queue.flush(1);
    expect(read()).toEqual(new Float32Array(BLOCK));
    expect(events).toEqual(["flushed 1 0"]);
  });
});

describe("pause", () => {
  it("fades out, stays silent and loses no sample", () => {
    const all = 5_000;
    queue.write(1, speech(all));
    read();
    queue.pause();
    const fading = read();
    expect(fading[0]).toBeGreaterThan(LOUD * 0.9);
    expect(fading.subarray(FADE_SAMPLES - 1)).toEqual(new Float32Array(BLOCK - FADE_SAMPLES + 1));
    for (let block = 0; block < 10; block++) expect(read()).toEqual(new Float32Array(BLOCK));
    expect(queue.playedSamples).toBe(BLOCK);
    queue.resume();
    const back = read();
    expect(back[0]).toBeCloseTo(LOUD / FADE_SAMPLES, 5);
    expect(back[FADE_SAMPLES]).toBeCloseTo(LOUD, 5);
    while (queue.queuedSamples > 0) read();
    expect(events).toEqual(["started 1", `drained 1 ${all}`]);
  });

  it("goes on with the very sample that it stopped at", () => {
    queue.write(1, numbered(1_000));
    read();
    queue.pause();
    read();
    queue.resume();
    expect(numbersOf(read())[FADE_SAMPLES]).toBe(BLOCK + FADE_SAMPLES + 1);
  });

  it("takes in speech meanwhile", () => {
    queue.pause();
    queue.write(1, speech(100));
    expect(read()).toEqual(new Float32Array(BLOCK));
    expect(events).toEqual([]);
    queue.resume();
    read();
    expect(events).toEqual(["started 1", "drained 1 100"]);
  });

  it("and resume before the next block is as if nothing was", () => {
    queue.write(1, speech(1_000));
    read();
    queue.pause();
    queue.resume();
    expect(read()[0]).toBeCloseTo(LOUD, 5);
    queue.pause();
    read();
    queue.resume();
    queue.pause();
    expect(read()).toEqual(new Float32Array(BLOCK));
  });
});

it("loses, repeats and invents nothing in any order of commands", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    let written = 0;
    let generation = 1;
    queue = new PlayoutQueue({
      capacity: 24_000,
      sink: { started: () => {}, drained: () => {}, flushed: () => {} },
    });
    for (let step = 0; step < 500; step++) {
      const dice = random();
      if (dice < 0.35) {
        const samples = Math.floor(random() * 3_000);
        written += samples;
        queue.write(generation, speech(samples));
      } else if (dice < 0.4) queue.pause();
      else if (dice < 0.45) queue.resume();
      else if (dice < 0.5) queue.flush(generation++);
      else read();
      expect(queue.consumedSamples + queue.queuedSamples).toBe(written);
    }
  }
});
