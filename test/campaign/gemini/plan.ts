import type { Close } from "../../../emulators/gemini/core/closes.ts";
import { Closes } from "../../../emulators/gemini/core/closes.ts";
import type { Fault } from "../../../emulators/gemini/faults.ts";
import { pick } from "../../support/random.ts";
import type { Broken } from "./peer.ts";

/** One call of the campaign: who says what when, and what happens to the connection. The same for the same seed. */

export const MODELS = [
  "gemini-3.8-live",
  "gemini-3.1-flash-live-preview",
  "gemini-2.5-flash-native-audio-latest",
] as const;
export type Model = (typeof MODELS)[number];

/** What the caller does, one thing after the other. */
export type Action =
  | { kind: "speak"; ms: number; waitForAnswer: boolean }
  | { kind: "write"; respond: boolean; waitForAnswer: boolean }
  /** A short noise. */
  | { kind: "cough" }
  | { kind: "mute"; ms: number }
  | { kind: "wait"; ms: number }
  /** The model calls functions of ours, each of which takes so long. */
  | { kind: "call-tools"; slowMs: number[] };

export interface PlannedFault {
  atMs: number;
  /** Once an answer is under way, so long after its first sound; without it at that time. */
  inAnswer?: boolean;
  fault:
    | Fault
    /** The next answer is never begun. */
    | { fault: "stuck" }
    /** From now on all sessions are mute, also those to come. */
    | { fault: "mute" }
    /** The bot has the model say something, and the connection breaks while that is on its way. */
    | { fault: "ask-and-drop" }
    | { fault: "broken"; how: Broken; forMs?: number };
}

export interface PlannedCall {
  seed: number;
  scenario: string;
  model: Model;
  vertex: boolean;
  manual: boolean;
  latencyMs: number;
  firstAudioMs: number;
  actions: Action[];
  faults: PlannedFault[];
  /** How long an answer is, or the demo voice's own way. */
  toneMs: number | undefined;
  /** Of the model's table; shorter here, so that a call reaches it. */
  connectionMs: number | undefined;
  /** How the call has to end; else it goes on to its end. */
  ends: string | undefined;
  /** The assistant is mute for good: the client has to be told. */
  staysMute: boolean;
  /** No noise is added. */
  exact: boolean;
}

type Random = () => number;

const between = (random: Random, min: number, max: number) => Math.round(min + (max - min) * random());
const chance = (random: Random, probability: number) => random() < probability;

const now = { afterMs: 0, at: "now" } as const;
const onResume = { at: "onResume" } as const;

const drop: Fault = { fault: "drop", ...now };
const goAway = (timeLeftMs: number, thenSilent = false): Fault => ({
  fault: "goAway",
  timeLeftMs,
  thenSilent,
  ...now,
});
const refuseResume = ({ code, reason }: Close): Fault => ({
  fault: "refuseSetup",
  code,
  reason,
  ...onResume,
});

const speak = (ms = 1_200): Action => ({ kind: "speak", ms, waitForAnswer: true });
const write = (respond = true): Action => ({ kind: "write", respond, waitForAnswer: respond });
const wait = (ms: number): Action => ({ kind: "wait", ms });

/** What a scenario changes of a quiet call. */
type Part = Partial<Omit<PlannedCall, "seed" | "scenario">> & Pick<PlannedCall, "actions">;

/**
 * Situations that each rule was made for. Every one comes in every campaign of some size; the rest of a call, and most
 * calls, are up to chance.
 */
const SCENARIOS: Readonly<Record<string, (random: Random) => Part>> = {
  chance: (random) => ({
    actions: Array.from({ length: between(random, 4, 9) }, () => anyAction(random)),
    faults: Array.from({ length: between(random, 0, 5) }, () => anyFault(random)),
    toneMs: chance(random, 0.3) ? between(random, 500, 6_000) : undefined,
    manual: chance(random, 0.2),
  }),
  "go away in an answer": (random) => ({
    actions: [write(), speak(), wait(14_000), write()],
    toneMs: 8_000,
    faults: [
      { atMs: 4_000, inAnswer: true, fault: goAway(between(random, 12_000, 16_000), chance(random, 0.3)) },
    ],
    exact: true,
  }),
  "go away too late for an answer": (random) => ({
    actions: [write(), wait(14_000), write(), wait(3_000)],
    toneMs: 20_000,
    faults: [{ atMs: 1_000, inAnswer: true, fault: goAway(between(random, 1_000, 2_500)) }],
    exact: true,
  }),
  "go away in a tool": () => ({
    model: "gemini-3.8-live",
    actions: [write(), { kind: "call-tools", slowMs: [6_000] }, wait(14_000), write()],
    faults: [{ atMs: 7_500, fault: goAway(12_000) }],
    exact: true,
  }),
  "a limit without a word": () => ({
    actions: [write(), wait(9_000), speak(), wait(12_000), write(), wait(25_000), speak()],
    connectionMs: 20_000,
    faults: [{ atMs: 0, fault: { fault: "capConnection", ms: 20_000, timeLeftMs: 0, code: 1011 } }],
    exact: true,
  }),
  "a drop in an answer": () => ({
    actions: [write(false), write(), speak(), write(), wait(3_000)],
    toneMs: 5_000,
    faults: [{ atMs: 3_000, inAnswer: true, fault: drop }],
  }),
  "a drop before an answer": () => ({
    actions: [
      write(),
      wait(500),
      { kind: "write", respond: true, waitForAnswer: false },
      wait(12_000),
      write(),
    ],
    firstAudioMs: 3_000,
    faults: [{ atMs: 9_500, fault: drop }],
    exact: true,
  }),
  "drops far apart": () => ({
    actions: [
      write(),
      wait(13_000),
      write(),
      wait(13_000),
      write(),
      wait(13_000),
      write(),
      wait(13_000),
      write(),
    ],
    faults: [14_000, 28_000, 42_000, 56_000].map((atMs) => ({ atMs, fault: drop })),
    exact: true,
  }),
  "a backend that cannot resume": () => ({
    actions: [write(), wait(5_000), speak(), wait(20_000), write()],
    faults: [
      ...Array.from({ length: 6 }, () => ({ atMs: 3_000, fault: refuseResume(Closes.internal) })),
      { atMs: 3_100, fault: drop },
    ],
    exact: true,
  }),
  "a forgotten handle": () => ({
    actions: [write(), wait(8_000), write(), wait(4_000), speak()],
    faults: [
      { atMs: 3_000, fault: refuseResume(Closes.unknownHandle) },
      { atMs: 3_100, fault: drop },
    ],
    exact: true,
  }),
  "an invalid resumption": () => ({
    actions: [write(), wait(8_000), write(), wait(4_000), speak()],
    faults: [
      { atMs: 3_000, fault: refuseResume(Closes.badArgument("")) },
      { atMs: 3_100, fault: drop },
    ],
    exact: true,
  }),
  "words during an outage": (random) => ({
    actions: [write(), wait(3_000), speak(), write(false), write(), wait(15_000), write()],
    faults: [
      {
        atMs: 5_000,
        fault: {
          fault: "broken",
          how: { kind: "status", status: 503 },
          forMs: between(random, 1_000, 6_000),
        },
      },
      { atMs: 5_050, fault: drop },
    ],
  }),
  "speech during an outage": (random) => ({
    actions: [
      write(),
      wait(500),
      speak(3_000),
      wait(500),
      speak(3_000),
      wait(500),
      speak(3_000),
      wait(500),
      speak(2_000),
    ],
    toneMs: 800,
    faults: [4_000, 12_000, 20_000].flatMap((atMs) => [
      { atMs, fault: { fault: "slowHandshake", ms: between(random, 500, 1_500) } as const },
      { atMs: atMs + 50, fault: drop },
    ]),
    exact: true,
  }),
  "a word on its way": () => ({
    actions: [write(), wait(12_000), write()],
    faults: [{ atMs: 6_000, fault: { fault: "ask-and-drop" } }],
    exact: true,
  }),
  "tools and drops": (random) => ({
    actions: [
      write(),
      { kind: "call-tools", slowMs: [3_000, 500, 4_000] },
      wait(12_000),
      { kind: "call-tools", slowMs: [1_000] },
      wait(6_000),
      write(),
    ],
    faults: [{ atMs: between(random, 4_500, 6_500), fault: drop }],
    exact: true,
  }),
  "an empty turn": () => ({
    actions: [write(), wait(500), write(), wait(3_000), speak(), wait(1_000), write()],
    toneMs: 1_000,
    faults: [
      { atMs: 2_500, fault: { fault: "emptyTurns", count: 1, ...now } },
      { atMs: 9_000, fault: { fault: "emptyTurns", count: 1, ...now } },
    ],
    exact: true,
  }),
  "empty turns, also when nudged": (random) => ({
    actions: [write(), wait(500), write(), wait(3_000), speak(), wait(1_000), write()],
    faults: [{ atMs: 3_000, fault: { fault: "emptyTurns", count: between(random, 2, 3), ...now } }],
    exact: true,
  }),
  "silent turns": (random) => ({
    actions: [write(), wait(500), write(), wait(3_000), speak(), wait(1_000), write()],
    toneMs: 1_500,
    faults: [{ atMs: 3_000, fault: { fault: "silentTurns", count: between(random, 1, 3), ...now } }],
    exact: true,
  }),
  "refused turns": () => ({
    actions: [write(), wait(500), write(), wait(500), write(), wait(12_000), write()],
    toneMs: 1_000,
    faults: [{ atMs: 2_500, fault: { fault: "refusedTurns", count: 3, ...now } }],
    exact: true,
  }),
  "a session that stays mute when resumed": () => ({
    actions: [write(), wait(1_000), write(), wait(5_000), write()],
    faults: [{ atMs: 3_000, fault: { fault: "emptyTurns", count: 1_000, ...now } }],
    exact: true,
  }),
  "mute for good": () => ({
    actions: [write(), wait(1_000), write(), wait(60_000)],
    faults: [{ atMs: 3_000, fault: { fault: "mute" } }],
    staysMute: true,
    exact: true,
  }),
  "an answer that never begins": () => ({
    actions: [write(), wait(1_000), write(), wait(10_000), speak()],
    faults: [{ atMs: 3_000, fault: { fault: "stuck" } }],
    exact: true,
  }),
  "a peer that dies in silence": () => ({
    actions: [write(), { kind: "mute", ms: 150_000 }, write()],
    faults: [{ atMs: 10_000, fault: { fault: "freeze", ms: 3_600_000, ...now } }],
    exact: true,
  }),
  "a peer that dies in talk": (random) => ({
    actions: [write(), wait(1_000), write(), wait(5_000), speak()],
    faults: [{ atMs: 3_500, fault: { fault: "freeze", ms: between(random, 15_000, 120_000), ...now } }],
    exact: true,
  }),
  "a key that is revoked": () => ({
    actions: [write(), wait(30_000)],
    faults: [
      { atMs: 5_000, fault: { fault: "broken", how: { kind: "setup", close: Closes.badKey() } } },
      { atMs: 5_100, fault: drop },
    ],
    ends: "bad-key",
    exact: true,
  }),
  "a model that is gone": () => ({
    actions: [write(), wait(30_000)],
    faults: [
      {
        atMs: 0,
        fault: { fault: "broken", how: { kind: "setup", close: Closes.unknownModel("models/x", "v1beta") } },
      },
      { atMs: 5_100, fault: drop },
    ],
    ends: "unknown-model",
    exact: true,
  }),
  "a quota that is used up": () => ({
    actions: [write(), wait(80_000)],
    faults: [
      { atMs: 5_000, fault: { fault: "broken", how: { kind: "setup", close: Closes.quota } } },
      { atMs: 5_100, fault: drop },
    ],
    ends: "quota",
    exact: true,
  }),
  "a service that is gone": () => ({
    actions: [write(), wait(90_000)],
    faults: [
      { atMs: 5_000, fault: { fault: "broken", how: { kind: "status", status: 503 } } },
      { atMs: 5_100, fault: drop },
    ],
    ends: "unreachable",
    exact: true,
  }),
};

export const SCENARIO_NAMES = Object.keys(SCENARIOS);

/** Every second call is one of chance alone; the others take the scenarios in turn. */
export function planCall(seed: number, index: number, random: Random): PlannedCall {
  const scenario =
    index % 2 === 1 ? "chance" : (SCENARIO_NAMES[(index / 2) % SCENARIO_NAMES.length] ?? "chance");
  const vertex = chance(random, 0.15);
  const usual: PlannedCall = {
    seed,
    scenario,
    model: vertex ? "gemini-3.8-live" : chance(random, 0.5) ? "gemini-3.8-live" : pick(MODELS, random),
    vertex,
    manual: false,
    latencyMs: between(random, 5, 60),
    firstAudioMs: between(random, 150, 1_200),
    actions: [],
    faults: [],
    toneMs: undefined,
    connectionMs: undefined,
    ends: undefined,
    staysMute: false,
    exact: false,
  };
  const part = SCENARIOS[scenario]?.(random);
  const call = { ...usual, ...part, actions: [wait(between(random, 0, 1_000)), ...(part?.actions ?? [])] };
  if (part?.model !== undefined) call.vertex &&= part.model === "gemini-3.8-live";
  if (!call.exact && chance(random, 0.3)) call.faults = [...call.faults, anyFault(random)];
  return call;
}

function anyAction(random: Random): Action {
  const roll = random();
  if (roll < 0.4)
    return { kind: "speak", ms: between(random, 700, 3_000), waitForAnswer: chance(random, 0.75) };
  if (roll < 0.65) return { kind: "write", respond: chance(random, 0.7), waitForAnswer: chance(random, 0.7) };
  if (roll < 0.7) return { kind: "cough" };
  if (roll < 0.76) return { kind: "mute", ms: between(random, 1_000, 6_000) };
  if (roll < 0.88) {
    const slowMs = Array.from({ length: between(random, 1, 3) }, () => between(random, 0, 5_000));
    return { kind: "call-tools", slowMs };
  }
  return wait(between(random, 500, 12_000));
}

const CLOSES: readonly Close[] = [
  Closes.cancelled,
  Closes.internal,
  Closes.unavailable,
  Closes.deadline,
  Closes.overloaded,
  Closes.aborted,
  Closes.badArgument(""),
  { code: 1001, reason: "" },
];

function anyFault(random: Random): PlannedFault {
  const atMs = between(random, 1_000, 45_000);
  const inAnswer = chance(random, 0.3);
  const count = between(random, 1, 2);
  const kinds: (() => PlannedFault["fault"])[] = [
    () => drop,
    () => drop,
    () => ({ fault: "close", ...pick(CLOSES, random), ...now }),
    () => ({ fault: "close", ...pick(CLOSES, random), ...now }),
    () => goAway(between(random, 500, 15_000), chance(random, 0.3)),
    () => ({ fault: "freeze", ms: between(random, 500, 40_000), ...now }),
    () => ({ fault: "malformed", ...now }),
    () => ({ fault: "truncatedUtf8", ...now }),
    () => ({ fault: "unknownFields", count: 5, ...now }),
    () => ({ fault: "splitFrames", ...now }),
    () => ({ fault: "textFrames", ...now }),
    () => ({ fault: "emptyTurns", count, ...now }),
    () => ({ fault: "silentTurns", count, ...now }),
    () => ({ fault: "refusedTurns", count, ...now }),
    () => ({ fault: "phantomInterrupted", ...now }),
    () => ({ fault: "lateAudio", chunks: 2, after: "interrupted", ...now }),
    () => ({ fault: "duplicateAudio", chunks: 2, after: "turnComplete", ...now }),
    () => ({ fault: "slowSetup", ms: between(random, 100, 14_000), at: "now" }),
    () => ({ fault: "noSetup", at: "now" }),
    () => ({ fault: "refuse", status: pick([500, 502, 503], random) }),
    () => ({ fault: "slowHandshake", ms: between(random, 100, 4_000) }),
    () => ({ fault: "resetHandshake" }),
    () => refuseResume(pick([Closes.internal, Closes.unknownHandle, Closes.unavailable], random)),
    () => ({ fault: "ask-and-drop" }),
    () => ({ fault: "stuck" }),
  ];
  return { atMs, inAnswer, fault: pick(kinds, random)() };
}
