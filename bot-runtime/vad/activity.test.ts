import { describe, expect, it } from "vitest";
import {
  type ActivityParams,
  type HeardWindow,
  isSpeaking,
  lastsMs,
  nextActivity,
  QUIET,
  SPEAKING,
  type VoiceActivity,
} from "./activity.ts";
import { ENERGY_PARAMS, VAD_PRESETS } from "./presets.ts";

const { measured, pipecat } = VAD_PRESETS;
/** `!` is surely speech, `#` probably, `+` is enough to go on with it, `.` is none; `q` is speech from far away. */
const WINDOWS: Readonly<Record<string, Omit<HeardWindow, "ms">>> = {
  "!": { probability: 1, volume: 0.8 },
  "#": { probability: 0.8, volume: 0.8 },
  "+": { probability: 0.4, volume: 0.8 },
  ".": { probability: 0.1, volume: 0.8 },
  q: { probability: 1, volume: 0.5 },
};
const LETTERS: Readonly<Record<VoiceActivity["kind"], string>> = {
  QUIET: "q",
  STARTING: "a",
  SPEAKING: "S",
  STOPPING: "z",
};

/** The states after each of the windows. */
function states(
  windows: string,
  params: ActivityParams,
  options: { from?: VoiceActivity; ms?: number } = {},
) {
  let state = options.from ?? QUIET;
  return [...windows].map((letter) => {
    const window = WINDOWS[letter];
    if (!window) throw new Error(`No window is called ${letter}`);
    state = nextActivity(state, { ...window, ms: options.ms ?? 32 }, params);
    return state;
  });
}

/** The same by their letters. */
function run(...args: Parameters<typeof states>): string {
  return states(...args)
    .map(({ kind }) => LETTERS[kind])
    .join("");
}

describe("measured", () => {
  it("starts with the second window that is surely speech, and the tenth that probably is", () => {
    expect(run("!!", measured)).toBe("aS");
    expect(run("##########", measured)).toBe("aaaaaaaaaS");
  });

  it("counts a quarter of a window that fades, but all that speaks against speech", () => {
    const judged = (probability: number, fades: boolean) =>
      nextActivity({ kind: "STARTING", evidence: 4, lastsMs: 32 }, { probability, ms: 32, fades }, measured);
    const starting = (evidence: number) => ({
      kind: "STARTING",
      evidence: expect.closeTo(evidence),
      lastsMs: 64,
    });
    expect([judged(0.9, false), judged(0.9, true)]).toEqual([starting(4 + 1.5782), starting(4 + 1.5782 / 4)]);
    expect([judged(0.3, false), judged(0.3, true)]).toEqual([starting(4 - 1.4663), starting(4 - 1.4663)]);
    expect([judged(1, false), judged(1, true)]).toEqual([SPEAKING, starting(5.25)]);
    expect([judged(0, false), judged(0, true)]).toEqual([QUIET, QUIET]);
  });

  it("lets a start survive windows that are none, which take away from it", () => {
    expect(run("!.!!", measured)).toBe("aaaS");
    expect(run("!+!", measured)).toBe("aaS");
    expect(run("!..!!", measured)).toBe("aaqaS");
    expect(run("#.#.#.", measured)).toBe("aqaqaq");
  });

  it("is never sure of what is doubtful, however long it lasts", () => {
    let state: VoiceActivity = QUIET;
    for (let window = 0; window < 1_000; window += 1) {
      const probability = window % 2 === 0 ? 0.85 : 0.15;
      state = nextActivity(state, { probability, ms: 32 }, measured);
      expect(["QUIET", "STARTING"]).toContain(state.kind);
    }
  });

  it("begins above 0.65, goes on down to 0.35, and stops with the sixth window below", () => {
    expect(run("++++++", measured)).toBe("qqqqqq");
    expect(run("......", measured, { from: SPEAKING })).toBe("zzzzzq");
    expect(run("++++++.", measured, { from: SPEAKING })).toBe("SSSSSSz");
    expect(run(".....+.....#......", measured, { from: SPEAKING })).toBe("zzzzzSzzzzzSzzzzzq");
    const edge = (probability: number, from: VoiceActivity) =>
      nextActivity(from, { probability, ms: 32 }, measured).kind;
    expect([edge(0.651, QUIET), edge(0.65, QUIET)]).toEqual(["STARTING", "QUIET"]);
    expect([edge(0.35, SPEAKING), edge(0.349, SPEAKING)]).toEqual(["SPEAKING", "STOPPING"]);
  });

  it("hears what is quiet all the same", () => {
    expect(run("qq", measured)).toBe("aS");
  });
});

describe("pipecat", () => {
  it("rounds its 0.2 s to six windows either way", () => {
    expect(run("######", pipecat)).toBe("aaaaaS");
    expect(run("......", pipecat, { from: SPEAKING })).toBe("zzzzzq");
  });

  it("begins anew after any window that is no speech", () => {
    expect(run("#####.######", pipecat)).toBe("aaaaaqaaaaaS");
    expect(run("#+####", pipecat)).toBe("aqaaaa");
  });

  it("goes on with speech after any window that is some", () => {
    expect(run(".....#......", pipecat, { from: SPEAKING })).toBe("zzzzzSzzzzzq");
  });

  it("takes what is quiet for no speech, however sure the model is, and in speech for silence", () => {
    expect(run("qqqqqqqq", pipecat)).toBe("qqqqqqqq");
    expect(run("qqqqqq", pipecat, { from: SPEAKING })).toBe("zzzzzq");
    const edge = (probability: number, volume: number) =>
      nextActivity(QUIET, { probability, volume, ms: 32 }, pipecat).kind;
    expect([edge(0.7, 0.6), edge(0.699, 0.6), edge(0.7, 0.599)]).toEqual(["STARTING", "QUIET", "QUIET"]);
    expect(nextActivity(QUIET, { probability: 1, ms: 32 }, pipecat)).toEqual(QUIET);
  });
});

describe("by loudness, in frames of 20 ms", () => {
  it("starts with the tenth frame and stops with the tenth", () => {
    expect(run("##########", ENERGY_PARAMS, { ms: 20 })).toBe("aaaaaaaaaS");
    expect(run("..........", ENERGY_PARAMS, { ms: 20, from: SPEAKING })).toBe("zzzzzzzzzq");
    expect(run("#########.#########", ENERGY_PARAMS, { ms: 20 })).toBe("aaaaaaaaaqaaaaaaaaa");
  });
});

describe("nextActivity", () => {
  it("knows how long ago a start began, with its dips", () => {
    const all = states(".#!.#", measured);
    expect(all.at(-1)).toEqual({ kind: "STARTING", evidence: expect.closeTo(3.718), lastsMs: 128 });
    expect(lastsMs(all.at(-1) ?? QUIET, 32)).toBe(160);
    expect(lastsMs(QUIET, 32)).toBe(32);
  });

  it("starts with the first window where that is enough", () => {
    expect(run("!.!", { ...measured, start: { kind: "weighed", odds: 5 }, stopMs: 32 })).toBe("SqS");
    expect(run("#.#", { ...pipecat, start: { kind: "counted", ms: 32 }, stopMs: 32 })).toBe("SqS");
  });

  it("never goes from quiet to stopping, nor from starting to stopping, whatever comes", () => {
    // All strings of eight letters out of three: every path the machine has.
    const paths = Array.from({ length: 3 ** 8 }, (_, index) =>
      Array.from({ length: 8 }, (_, place) => "!+."[Math.floor(index / 3 ** place) % 3]).join(""),
    );
    for (const windows of paths) {
      const letters = `q${run(windows, { ...measured, start: { kind: "weighed", odds: 10 }, stopMs: 96 })}`;
      expect(letters, windows).not.toMatch(/qz|az|Sq|za|Sa/);
      // Nothing stops that has not lasted: three windows of silence, all at the end of it.
      for (const stop of letters.matchAll(/zq/g)) {
        expect(windows.slice(stop.index - 2, stop.index + 1), windows).toBe("...");
      }
    }
  });

  it("is speaking from its start to its stop", () => {
    expect(states("!!!!.#.......", measured).map(isSpeaking).join()).toBe(
      [..."0111111111100"].map((bit) => bit === "1").join(),
    );
  });
});
