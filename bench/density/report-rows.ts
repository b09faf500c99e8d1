import { slope } from "../../test/campaign/leaks/verdict.ts";
import type { Aim, Row } from "../common/bench.ts";
import { median, percentile } from "../common/statistics.ts";
import { capacityOf, MAX_GAP_P99_MS, MIN_IDLE_PERCENT } from "./capacity.ts";
import type { Measured } from "./measure.ts";

/** So many threads tell where nine tenths of the time go. */
const PROFILE_THREADS = 14;
const MAX_CPU_PER_CALL = 4;
/** From so many calls on a page's own cost is shared by enough of them to say what a call costs. */
const CPU_AIM_FROM_CALLS = 8;
/** Memory comes and goes by several MiB: what a call takes is seen over this many of them. */
const SLOPE_OVER_CALLS = 8;
/** Both ends have to have had the same to do for the one to be the other's floor. */
const SAME_WORK_WITHIN = 0.05;

/** A number of calls, measured as often as there were rounds. */
export interface Level {
  calls: number;
  ours: Measured[];
  floor: Measured[];
}

/** How calls were spread over pages, and what came of it. */
export interface Arrangement {
  /** As it stands before each figure: `8 a page`. */
  name: string;
  /** Memory of each further call, in MiB. */
  maxMiBPerCall: number;
  levels: Level[];
}

export function rowsOf({ name, maxMiBPerCall, levels }: Arrangement): Row[] {
  return [...levels.flatMap((level) => levelRows(name, level)), ...slopeRows(name, maxMiBPerCall, levels)];
}

function levelRows(name: string, { calls, ours, floor }: Level): Row[] {
  const label = (what: string) => `${name}, ${calls} ${calls === 1 ? "call" : "calls"}: ${what}`;
  const perCall = (percent: number) => percent / calls;
  // Who gets less CPU than there is to do does less: that would pass for thrift.
  const full = idleOf({ ours, floor }) < MIN_IDLE_PERCENT;
  return [
    {
      label: label(full ? "CPU per call (machine full: not to be judged)" : "CPU per call"),
      unit: "%",
      ours: ours.map(({ cpu }) => perCall(cpu)),
      floor: floor.map(({ cpu }) => perCall(cpu)),
      ...(calls >= CPU_AIM_FROM_CALLS && !full ? { aim: atMost(MAX_CPU_PER_CALL, "%") } : {}),
    },
    {
      label: label("of it Node's"),
      unit: "%",
      ours: ours.map(({ nodeCpu }) => perCall(nodeCpu)),
    },
    {
      label: label("memory"),
      unit: "MiB",
      ours: ours.map(({ pssMiB }) => pssMiB),
      floor: floor.map(({ pssMiB }) => pssMiB),
    },
    {
      label: label("bridge gap"),
      unit: "ms",
      ours: ours.flatMap(({ gapsMs }) => gapsMs),
      aim: { text: `p99 ≤ ${MAX_GAP_P99_MS} ms`, met: ({ p99 }) => p99 <= MAX_GAP_P99_MS },
    },
    {
      label: label("frames lost"),
      unit: "count",
      ours: ours.map(({ framesLost }) => framesLost),
      aim: { text: "none", met: ({ max }) => max === 0 },
    },
    {
      label: label("made up at the user's ear"),
      unit: "%",
      ours: ours.map(({ concealedPercent }) => concealedPercent),
      floor: floor.map(({ concealedPercent }) => concealedPercent),
    },
    {
      label: label("kept back by the user's jitter buffer"),
      unit: "ms",
      ours: ours.map(({ heldMs }) => heldMs),
      floor: floor.map(({ heldMs }) => heldMs),
    },
  ];
}

/** When the machine was at its fullest, in percent. */
function idleOf({ ours, floor }: Pick<Level, "ours" | "floor">): number {
  return Math.min(...[...ours, ...floor].map(({ idlePercent }) => idlePercent));
}

function atMost(most: number, unit: string): Aim {
  return { text: `≤ ${most} ${unit}`, met: ({ median }) => median <= most };
}

/** The line through the memory of all levels of a round. Over a few calls it would be chance. */
function slopeRows(name: string, maxMiBPerCall: number, levels: readonly Level[]): Row[] {
  const [first = 0, last = 0] = [levels[0]?.calls, levels.at(-1)?.calls];
  if (last - first < SLOPE_OVER_CALLS) return [];
  const slopes = (side: "ours" | "floor") => {
    const rounds = Math.min(...levels.map((level) => level[side].length));
    return Array.from({ length: rounds }, (_, round) =>
      slope(levels.map((level) => ({ x: level.calls, y: level[side][round]?.pssMiB ?? Number.NaN }))),
    );
  };
  return [
    {
      label: `${name}, ${first} to ${last} calls: memory per further call`,
      unit: "MiB",
      ours: slopes("ours"),
      floor: slopes("floor"),
      aim: atMost(maxMiBPerCall, "MiB"),
    },
  ];
}

/** What a table has no place for: how many calls it holds, where the time went, and whether the two can be compared. */
export function notesOf({ name, levels }: Arrangement): string[] {
  return [capacityNote(name, levels), ...levels.flatMap((level) => levelNotes(name, level))];
}

function capacityNote(name: string, levels: readonly Level[]): string {
  const { calls, crossed } = capacityOf(
    levels.map(({ calls, ours }) => ({
      calls,
      gapP99Ms: percentile(
        ours.flatMap(({ gapsMs }) => gapsMs),
        0.99,
      ),
      framesLost: Math.max(...ours.map(({ framesLost }) => framesLost)),
      concealedPercent: median(ours.map(({ concealedPercent }) => concealedPercent)),
      idlePercent: median(ours.map(({ idlePercent }) => idlePercent)),
    })),
  );
  if (!crossed) return `${name}: no limit was crossed with up to ${calls} calls.`;
  return `${name}: capacity ${calls} calls. With ${crossed.calls}: ${crossed.limits.join("; ")}.`;
}

function levelNotes(name: string, { calls, ours, floor }: Level): string[] {
  const received = [ours, floor].map((side) => median(side.map(({ receivedKb }) => receivedKb)));
  const [of = Number.NaN, floorOf = Number.NaN] = received;
  const same = Math.abs(of / floorOf - 1) <= SAME_WORK_WITHIN;
  const idle = idleOf({ ours, floor }).toFixed(0);
  const work = `a user receives ${of.toFixed(2)} kB/s (floor ${floorOf.toFixed(2)}${same ? "" : ": NOT THE SAME WORK"})`;
  const threads =
    calls >= CPU_AIM_FROM_CALLS ? [`${name}, ${calls} calls, by thread: ${profile(ours, floor)}.`] : [];
  return [`${name}, ${calls} calls: ${work}, the machine was at least ${idle} % idle.`, ...threads];
}

/** In percent of a core, ours and the floor's, medians of the rounds. */
function profile(ours: readonly Measured[], floor: readonly Measured[]): string {
  const [of, floorOf] = [ours, floor].map(medianProfile);
  return [...(of ?? [])]
    .sort(([, a], [, b]) => b - a)
    .slice(0, PROFILE_THREADS)
    .map(([thread, cpu]) => `${thread} ${cpu.toFixed(1)} (${(floorOf?.get(thread) ?? 0).toFixed(1)})`)
    .join(", ");
}

function medianProfile(measured: readonly Measured[]): Map<string, number> {
  const names = new Set(measured.flatMap(({ profile }) => profile.map(([name]) => name)));
  const of = ({ profile }: Measured, wanted: string) => profile.find(([name]) => name === wanted)?.[1] ?? 0;
  return new Map([...names].map((name) => [name, median(measured.map((one) => of(one, name)))]));
}
