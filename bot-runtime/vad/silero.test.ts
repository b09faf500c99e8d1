import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { frames, mix, noise, voice } from "../testing/sounds.ts";
import type { VadLogEvent } from "./log-events.ts";
import { Silero } from "./silero.ts";
import { batchViews, createBatchMemory, INPUT_SAMPLES, WINDOW_SAMPLES } from "./silero-batch.ts";
import { sileroFiles } from "./silero-files.ts";
import { loadSilero } from "./silero-session.ts";
import { MAX_WAITING_WINDOWS } from "./silero-stream.ts";
import type { SileroWorkerOptions } from "./silero-worker.ts";
import { Listener } from "./testing/listener.ts";

/** Loading, on a machine with other things to do. */
const READY = { timeout: 20_000, interval: 5 };
/** Of a test: whatever else the machine does, a thread or two are to be had within it. */
const PATIENT = { timeout: 30_000 };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  vi.useRealTimers();
});

function start(options: Partial<SileroWorkerOptions> = {}) {
  const events: VadLogEvent[] = [];
  const silero = new Silero({ log: (event) => events.push(event), ...options });
  closers.push(() => silero.close());
  const listen = () => new Listener((modelEvents) => silero.open(modelEvents));
  const isReady = () => expect.poll(() => silero.stats.runtime, READY).toBeDefined();
  return { silero, events, listen, isReady };
}

/** A path of the thread that is put in the real one's place. */
function thread(name: string) {
  return { ...sileroFiles(), thread: join(import.meta.dirname, "testing", `${name}.ts`) };
}

const talk = voice(0.1);

/** Somebody's sound: no two are the same, and no two windows of one are. */
function soundOf(person: number, ms: number): Int16Array {
  const parts = frames(
    ms,
    mix(noise(0.02, person + 1), (t, index) => talk(t * (0.7 + person * 0.05), index)),
  );
  return Int16Array.from(parts.flatMap((part) => [...part]));
}

let alone: ReturnType<typeof loadSilero> | undefined;

/** What the model says to one speaker alone, window after window: without thread, batches or streams. */
async function judgedAlone(sound: Int16Array): Promise<number[]> {
  alone ??= loadSilero({ ...sileroFiles(), runtime: "native" });
  const session = await alone;
  const views = batchViews(createBatchMemory(), 1);
  const probabilities: number[] = [];
  for (let at = 0; at + WINDOW_SAMPLES <= sound.length; at += WINDOW_SAMPLES) {
    for (let index = 0; index < INPUT_SAMPLES; index += 1) {
      const place = at + index - (INPUT_SAMPLES - WINDOW_SAMPLES);
      views.input[index] = (sound[place] ?? 0) / 32_768;
    }
    await session.run(views, 1);
    probabilities.push(views.probabilities[0] ?? Number.NaN);
  }
  return probabilities;
}

const window = (sound: Int16Array, index: number) =>
  sound.subarray(index * WINDOW_SAMPLES, (index + 1) * WINDOW_SAMPLES);

describe("Silero", PATIENT, () => {
  it("judges nothing while it loads, then every window with its time", async () => {
    const { silero, events, listen } = start();
    const listener = listen();
    expect(silero.stats.runtime).toBeUndefined();
    listener.model.hear(soundOf(1, 100));
    await expect.poll(() => listener.availability, READY).toEqual([true]);
    expect(events).toEqual([{ event: "vad.ready", runtime: "native", loadMs: expect.any(Number) }]);
    listener.model.hear(soundOf(1, 60));
    listener.model.hear(soundOf(1, 20));
    await listener.until(2);
    expect(listener.windows.map(({ endsAtMs }) => endsAtMs)).toEqual([132, 164]);
    expect(listen().availability).toEqual([true]);
    expect(silero.stats).toMatchObject({ runtime: "native", windows: 2, windowsLost: 0, threadRestarts: 0 });
  });

  it("says the very same of many speakers at once as of each alone", async () => {
    const { silero, listen, isReady } = start();
    await isReady();
    const sounds = Array.from({ length: 12 }, (_, person) => soundOf(person, 960));
    const listeners = sounds.map(listen);
    for (let index = 0; index < 30; index += 1) {
      for (const [person, listener] of listeners.entries())
        listener.model.hear(window(sounds[person] ?? new Int16Array(), index));
      await Promise.all(listeners.map((listener) => listener.until(index + 1)));
    }
    expect(silero.stats.batches).toBe(30);
    for (const [person, listener] of listeners.entries()) {
      expect(listener.probabilities).toEqual(await judgedAlone(sounds[person] ?? new Int16Array()));
    }
    expect(new Set(listeners.map(({ probabilities }) => probabilities.join())).size).toBe(12);
  });

  it("mixes no memories when speakers come, pause and go while batches are under way", async () => {
    const { silero, listen, isReady } = start();
    await isReady();
    let seed = 7;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    let people = 0;
    const newcomer = () => {
      people += 1;
      return { listener: listen(), sound: soundOf(people, 1_280), next: 0 };
    };
    let present = Array.from({ length: 6 }, newcomer);
    const gone: typeof present = [];
    for (let step = 0; step < 120; step += 1) {
      for (const person of present) {
        // Some are a window behind the others, and all are told apart only by their place.
        if (random(3) === 0 || person.next - person.listener.windows.length >= MAX_WAITING_WINDOWS) continue;
        person.listener.model.hear(window(person.sound, person.next));
        person.next += 1;
      }
      const leaving = present.filter(({ next }) => next >= 40 || random(40) === 0);
      for (const { listener } of leaving) listener.model.close();
      gone.push(...leaving);
      present = [...present.filter((person) => !leaving.includes(person)), ...leaving.map(newcomer)];
      // Now and then the batch under way is not waited for.
      if (random(2) === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(present.map(({ listener, next }) => listener.until(next)));
    for (const { listener, sound } of [...gone, ...present]) {
      const expected = await judgedAlone(sound.subarray(0, listener.windows.length * WINDOW_SAMPLES));
      expect(listener.probabilities).toEqual(expected);
    }
    expect(silero.stats.batches).toBeLessThan(silero.stats.windows);
    expect(gone.length).toBeGreaterThan(5);
  });

  it("forgets at a refresh what it heard, but no audio", async () => {
    const { listen, isReady } = start();
    await isReady();
    const sound = soundOf(3, 640);
    const [listener, fresh] = [listen(), listen()];
    for (let index = 0; index < 8; index += 1) {
      listener.model.hear(window(sound, index));
      await listener.until(index + 1);
    }
    // Half a window is there already when it is refreshed.
    const [half, rest] = [window(sound, 8).subarray(0, 256), window(sound, 8).subarray(256)];
    listener.model.hear(half);
    listener.model.refresh();
    listener.model.hear(rest);
    await listener.until(9);
    fresh.model.hear(window(sound, 7));
    await fresh.until(1);
    fresh.model.refresh();
    fresh.model.hear(window(sound, 8));
    await fresh.until(2);
    expect(listener.probabilities[8]).toBe(fresh.probabilities[1]);
    expect(listener.probabilities[8]).not.toBe((await judgedAlone(sound))[8]);
  });

  it("tells nothing of before a pause after it, and is as new", async () => {
    const { listen, isReady } = start();
    await isReady();
    const [sound, later] = [soundOf(4, 640), soundOf(5, 320)];
    const listener = listen();
    const before = 3 * WINDOW_SAMPLES + 100;
    listener.model.hear(sound.subarray(0, before));
    // A batch is under way here, and its word comes after the pause.
    listener.model.pause();
    listener.model.hear(later.subarray(0, 3 * WINDOW_SAMPLES));
    await listener.until(3);
    expect(listener.probabilities).toEqual(await judgedAlone(later.subarray(0, 3 * WINDOW_SAMPLES)));
    expect(listener.windows[0]?.endsAtMs).toBe((before + WINDOW_SAMPLES) / 16);
  });

  it("lets the oldest go when too much waits, counts it and says so", async () => {
    const { silero, events, listen, isReady } = start();
    await isReady();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const listener = listen();
    const other = listen();
    listener.model.hear(soundOf(1, 32 * 20));
    expect(silero.stats.windowsLost).toBe(20 - MAX_WAITING_WINDOWS);
    vi.advanceTimersByTime(100);
    await listener.until(MAX_WAITING_WINDOWS);
    expect(listener.windows[0]?.endsAtMs).toBe(32 * (20 - MAX_WAITING_WINDOWS + 1));
    listener.model.hear(soundOf(1, 32 * 10));
    vi.advanceTimersByTime(100);
    await listener.until(2 * MAX_WAITING_WINDOWS);
    vi.advanceTimersByTime(10_000);
    expect(events.slice(1)).toEqual([
      { event: "vad.windows_lost", level: "warn", count: 20 - MAX_WAITING_WINDOWS + 2 },
    ]);
    expect(other.windows).toEqual([]);
    // What is not yet said when it ends is said then.
    listener.model.hear(soundOf(1, 32 * 10));
    await silero.close();
    expect(events.at(-1)).toEqual({ event: "vad.windows_lost", level: "warn", count: 2 });
    expect(events).toHaveLength(3);
  });

  it("ends with all that was open, and nothing more is told", async () => {
    const { silero, listen, isReady } = start();
    await isReady();
    const listener = listen();
    listener.model.hear(soundOf(1, 320));
    await silero.close();
    await silero.close();
    const { length } = listener.windows;
    listener.model.hear(soundOf(1, 320));
    listener.model.close();
    expect(listener.windows).toHaveLength(length);
    expect(silero.stats.runtime).toBeUndefined();
    expect(listen().availability).toEqual([]);
  });

  it("ends while it is loading", async () => {
    const { silero, events, listen } = start();
    const listener = listen();
    await silero.close();
    expect(listener.availability).toEqual([]);
    expect(events).toEqual([]);
  });
});

describe("Silero, at the end of its process", PATIENT, () => {
  it("lets the batch under way end first: the process would be aborted", async () => {
    const program = join(import.meta.dirname, "testing/exit-while-busy.ts");
    const codes = await Promise.all(Array.from({ length: 6 }, () => exitCode(program)));
    expect(codes).toEqual([7, 7, 7, 7, 7, 7]);
  });
});

function exitCode(program: string): Promise<number | string | null> {
  const child = spawn(process.execPath, [program], { stdio: "ignore" });
  return new Promise((resolve, reject) => {
    child.once("error", reject).once("exit", (code, signal) => resolve(code ?? signal));
  });
}

describe("Silero, on machines with faults", PATIENT, () => {
  it("takes WebAssembly where the native library is not installed, and says so", async () => {
    const { events, listen, isReady, silero } = start({ files: thread("thread-without-native") });
    await isReady();
    expect(silero.stats.runtime).toBe("wasm");
    expect(events).toEqual([
      {
        event: "vad.native_unavailable",
        level: "warn",
        detail: expect.stringContaining("Cannot find package 'onnxruntime-node'"),
      },
      { event: "vad.ready", runtime: "wasm", loadMs: expect.any(Number) },
    ]);
    const sound = soundOf(2, 320);
    const listener = listen();
    listener.model.hear(sound.subarray(0, 8 * WINDOW_SAMPLES));
    await listener.until(8);
    const native = await judgedAlone(sound.subarray(0, 8 * WINDOW_SAMPLES));
    for (const [index, probability] of listener.probabilities.entries())
      expect(probability).toBeCloseTo(native[index] ?? Number.NaN, 4);
  });

  it("is never available when the model cannot be loaded, and says so", async () => {
    const folder = await mkdtemp(join(tmpdir(), "chat-vrd-model-"));
    closers.push(() => rm(folder, { recursive: true }));
    const model = join(folder, "broken.onnx");
    await writeFile(model, "no model");
    const { silero, events, listen } = start({ files: { ...sileroFiles(), model } });
    const listener = listen();
    await expect.poll(() => events, READY).toHaveLength(1);
    expect(events).toEqual([
      { event: "vad.unusable", level: "error", detail: expect.stringMatching(/^native: .+; wasm: .+/s) },
    ]);
    expect(listener.availability).toEqual([]);
    listener.model.hear(soundOf(1, 320));
    expect(silero.stats).toEqual({
      runtime: undefined,
      windows: 0,
      batches: 0,
      windowsLost: 0,
      threadRestarts: 0,
    });
  });

  it("gets a new thread for one that dies, which begins with an empty memory", async () => {
    const { silero, events, listen, isReady } = start({ files: thread("dying-thread") });
    await isReady();
    const listener = listen();
    const sound = soundOf(6, 640);
    for (let index = 0; index < 4; index += 1) {
      listener.model.hear(window(sound, index));
      await listener.until(index + 1);
    }
    listener.model.hear(window(sound, 4));
    await expect.poll(() => listener.availability, READY).toEqual([true, false]);
    expect(events.slice(1)).toEqual([
      {
        event: "vad.thread_lost",
        level: "warn",
        detail: "Error: the fifth batch was too much",
        restartInMs: 500,
      },
    ]);
    listener.model.hear(window(sound, 5));
    await expect.poll(() => listener.availability, READY).toEqual([true, false, true]);
    listener.model.hear(window(sound, 6));
    await listener.until(5);
    const [first] = await judgedAlone(window(sound, 6));
    expect(listener.windows.at(-1)).toEqual({ probability: first, endsAtMs: 7 * 32 });
    expect(silero.stats.threadRestarts).toBe(1);
  });

  it("does without a thread that the machine has not to give, and asks for it again", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    // `new Worker` throws on this at once, as it does where the number of threads is bounded.
    const files = { ...sileroFiles(), thread: "silero-thread.ts" };
    const { silero, events, listen, isReady } = start({ files });
    const listener = listen();
    const lost = { event: "vad.thread_lost", level: "warn", detail: expect.stringContaining("TypeError") };
    expect(events).toEqual([{ ...lost, restartInMs: 500 }]);
    vi.advanceTimersByTime(500);
    expect(events.slice(1)).toEqual([{ ...lost, restartInMs: 1_000 }]);
    listener.model.hear(soundOf(1, 40));
    files.thread = sileroFiles().thread;
    vi.advanceTimersByTime(1_000);
    await isReady();
    expect(listener.availability).toEqual([true]);
    listener.model.hear(soundOf(1, 40));
    await listener.until(1);
    expect(listener.windows[0]?.endsAtMs).toBe(72);
    expect(silero.stats.threadRestarts).toBe(2);
  });

  it("waits longer for each thread that does not live long", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { events, listen, isReady } = start({ files: thread("hanging-thread") });
    const listener = listen();
    const waits: number[] = [];
    for (let lost = 1; lost <= 8; lost += 1) {
      await isReady();
      listener.model.hear(soundOf(1, 32));
      vi.advanceTimersByTime(3_000);
      expect(listener.isAvailable).toBe(false);
      const last = events.at(-1);
      if (last?.event !== "vad.thread_lost") return expect.fail("It was not lost.");
      expect(last.detail).toBe("a batch took too long");
      waits.push(last.restartInMs);
      // No other one is started before it has ended.
      await expect.poll(() => vi.getTimerCount(), READY).toBe(1);
      vi.advanceTimersByTime(last.restartInMs);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });
});
