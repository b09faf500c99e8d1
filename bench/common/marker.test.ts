import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { type Recording, readWav } from "../../test/support/audio.ts";
import { randomOf } from "../../test/support/random.ts";
import { findMarkers, MARKER_MS, MARKER_NUMBERS, MarkerDetector, makeMarker } from "./marker.ts";

const SPEECH = new URL("../../test/e2e/recordings/question.wav", import.meta.url);

/** Sound of that length with a marker at each of the places. */
function withMarkers(
  { sampleRate, samples }: Recording,
  markers: { number: number; atMs: number }[],
): Recording {
  const mixed = samples.slice();
  for (const { number, atMs } of markers) {
    const from = Math.round((atMs * sampleRate) / 1000);
    for (const [index, value] of makeMarker(number, sampleRate).entries()) {
      mixed[from + index] = (mixed[from + index] ?? 0) + value;
    }
  }
  return { sampleRate, samples: mixed };
}

function silence(sampleRate: number, ms: number): Recording {
  return { sampleRate, samples: new Float32Array((sampleRate * ms) / 1000) };
}

/** White noise of that RMS. */
function noise(sampleRate: number, ms: number, rms: number, seed = 1): Recording {
  const random = randomOf(seed);
  const { samples } = silence(sampleRate, ms);
  return { sampleRate, samples: samples.map(() => (2 * random() - 1) * rms * Math.sqrt(3)) };
}

async function speech(): Promise<Recording> {
  return readWav(await readFile(SPEECH));
}

/** Every second number, 250 ms apart, at places that are no whole milliseconds. */
const MANY = Array.from({ length: MARKER_NUMBERS / 2 }, (_, index) => ({
  number: 2 * index + (index % 2),
  atMs: 100.3 + index * 250.21,
}));
const MANY_MS = 8_500;

function expectFound(
  recording: Recording,
  markers: { number: number; atMs: number }[],
  withinMs: number,
): void {
  const found = findMarkers(recording);
  expect(found.map(({ number }) => number)).toEqual(markers.map(({ number }) => number));
  for (const [index, { atMs }] of found.entries()) {
    expect(Math.abs(atMs - (markers[index]?.atMs ?? Number.NaN))).toBeLessThan(withinMs);
  }
}

test.each([8_000, 16_000, 24_000, 48_000])(
  "finds each number at %d Hz, to a tenth of a millisecond",
  (rate) => {
    for (let number = 0; number < MARKER_NUMBERS; number += 1) {
      // Half a sample is what the place in the recording is rounded by.
      expectFound(
        withMarkers(silence(rate, 400), [{ number, atMs: 50 + number }]),
        [{ number, atMs: 50 + number }],
        0.1,
      );
    }
  },
);

test("finds a marker with which the recording ends, and one with which it begins", () => {
  const both = withMarkers(silence(48_000, 2 * MARKER_MS), [
    { number: 1, atMs: 0 },
    { number: 62, atMs: MARKER_MS },
  ]);
  expectFound(
    both,
    [
      { number: 1, atMs: 0 },
      { number: 62, atMs: MARKER_MS },
    ],
    0.1,
  );
});

test("sound in pieces of any length is the same as in one", () => {
  const { samples } = withMarkers(noise(48_000, MANY_MS, 0.05), MANY);
  const random = randomOf(3);
  const detector = new MarkerDetector(48_000);
  const found = [];
  for (let at = 0; at < samples.length; ) {
    const length = Math.floor(random() * 3_000);
    found.push(...detector.push(samples.subarray(at, at + length)));
    at += length;
  }
  const whole = findMarkers({ sampleRate: 48_000, samples });
  expect(found).toHaveLength(MANY.length);
  expect(found.map(({ number }) => number)).toEqual(whole.map(({ number }) => number));
  for (const [index, { atMs }] of found.entries()) expect(atMs).toBeCloseTo(whole[index]?.atMs ?? 0, 6);
});

test("a marker is found in noise that is as loud as it is, in its own band", () => {
  // RMS of the marker is 0.35. Of white noise at 8 kHz two thirds lie between 700 and 3,300 Hz.
  const loud = withMarkers(noise(8_000, MANY_MS, 0.43), MANY);
  expectFound(loud, MANY, 1);
});

test("a marker is found among words, a quarter as loud as they are at their loudest", async () => {
  const { sampleRate, samples } = await speech();
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const words = samples.map((sample) => (sample / loudest) * 0.99);
  const seconds = samples.length / sampleRate;
  const markers = Array.from({ length: Math.floor(seconds * 4) - 1 }, (_, index) => ({
    number: (index * 7) % MARKER_NUMBERS,
    atMs: 100 + index * 250,
  }));
  const mixed = withMarkers({ sampleRate, samples: words }, markers);
  const found = findMarkers(mixed);
  expect(found.map(({ number }) => number)).toEqual(markers.map(({ number }) => number));
  for (const [index, { atMs }] of found.entries()) {
    expect(Math.abs(atMs - (markers[index]?.atMs ?? Number.NaN))).toBeLessThan(1);
  }
});

test("a band of 300 to 3,400 Hz, a changed phase and a tenth of the loudness leave it what it is", () => {
  const { sampleRate, samples } = withMarkers(silence(48_000, MANY_MS), MANY);
  const narrow = allPass(bandPass(samples, sampleRate)).map((sample) => sample * -0.1);
  const found = findMarkers({ sampleRate, samples: narrow });
  expect(found.map(({ number }) => number)).toEqual(MANY.map(({ number }) => number));
  // The filters delay all of them alike.
  const delays = found.map(({ atMs }, index) => atMs - (MANY[index]?.atMs ?? Number.NaN));
  expect(Math.max(...delays) - Math.min(...delays)).toBeLessThan(0.1);
  expect(Math.max(...delays)).toBeLessThan(2);
});

test("the number survives 4 ms more or less in the middle, as a jitter buffer makes them", () => {
  const { samples } = withMarkers(silence(48_000, 400), [{ number: 37, atMs: 100 }]);
  const cutAt = 48 * (100 + 40);
  const shorter = Float32Array.from([...samples.subarray(0, cutAt), ...samples.subarray(cutAt + 48 * 4)]);
  const longer = Float32Array.from([...samples.subarray(0, cutAt), ...samples.subarray(cutAt - 48 * 4)]);
  for (const changed of [shorter, longer]) {
    expect(findMarkers({ sampleRate: 48_000, samples: changed })).toMatchObject([{ number: 37 }]);
  }
});

test("there is no marker in noise, tones, clicks or speech", async () => {
  const { sampleRate, samples } = await speech();
  const sweepsAndTones = Float32Array.from({ length: 48_000 * 20 }, (_, index) => {
    const seconds = index / 48_000;
    return 0.4 * Math.sin(2 * Math.PI * (300 + 150 * (seconds % 20)) * seconds);
  });
  const clicks = Float32Array.from({ length: 48_000 * 5 }, (_, index) => (index % 4_800 === 0 ? 1 : 0));
  const silent = [
    noise(48_000, 60_000, 0.2, 7),
    { sampleRate, samples },
    { sampleRate: 48_000, samples: sweepsAndTones },
    { sampleRate: 48_000, samples: clicks },
  ];
  for (const recording of silent) expect(findMarkers(recording)).toEqual([]);
});

test("a rising tone without a number is counted, not guessed", () => {
  const { sampleRate, samples } = withMarkers(silence(48_000, 300), [{ number: 5, atMs: 100 }]);
  const detector = new MarkerDetector(sampleRate);
  expect(detector.push(samples.fill(0, 48 * 140))).toEqual([]);
  expect(detector.unreadable).toBe(1);
});

test("notes that contradict each other are no number", () => {
  const { sampleRate, samples } = withMarkers(silence(48_000, 300), [{ number: 5, atMs: 100 }]);
  const [from, to] = [48 * 80, 48 * 100];
  samples.set(makeMarker(6, sampleRate).subarray(from, to), 48 * 100 + from);
  const detector = new MarkerDetector(sampleRate);
  expect(detector.push(samples)).toEqual([]);
  expect(detector.unreadable).toBe(1);
});

test("says what it cannot do", () => {
  expect(() => makeMarker(64, 48_000)).toThrow("0 to 63");
  expect(() => new MarkerDetector(44_100)).toThrow("multiple of 8000");
});

/** Two poles each: what is below 300 and above 3,400 Hz fades, and the phase turns. */
function bandPass(samples: Float32Array, sampleRate: number): Float32Array {
  const low = Math.exp((-2 * Math.PI * 3_400) / sampleRate);
  const high = Math.exp((-2 * Math.PI * 300) / sampleRate);
  let [lowState, highState] = [0, 0];
  return samples.map((sample) => {
    lowState = (1 - low) * sample + low * lowState;
    highState = (1 - high) * lowState + high * highState;
    return lowState - highState;
  });
}

function allPass(samples: Float32Array): Float32Array {
  const turn = 0.6;
  let [before, madeBefore] = [0, 0];
  return samples.map((sample) => {
    const made = turn * sample + before - turn * madeBefore;
    [before, madeBefore] = [sample, made];
    return made;
  });
}
