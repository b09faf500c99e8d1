/** What so many calls did, of all rounds together. */
export interface LevelFigures {
  calls: number;
  gapP99Ms: number;
  framesLost: number;
  concealedPercent: number;
  idlePercent: number;
}

interface Limit {
  /** What is wrong beyond it. */
  text: string;
  crossed(level: LevelFigures): boolean;
}

/** A batch is due every 20 ms: later than this, and what is next in line has to wait. */
export const MAX_GAP_P99_MS = 30;
/** In speech that is a syllable in every twenty, which a listener notices. */
const MAX_CONCEALED_PERCENT = 1;
/** With less to spare, users and emulators are measured, not the bot. */
export const MIN_IDLE_PERCENT = 5;

const LIMITS: readonly Limit[] = [
  { text: `gaps of the bridge (p99) over ${MAX_GAP_P99_MS} ms`, crossed: (l) => l.gapP99Ms > MAX_GAP_P99_MS },
  { text: "frames lost", crossed: ({ framesLost }) => framesLost > 0 },
  {
    text: `more than ${MAX_CONCEALED_PERCENT} % of what users hear made up`,
    crossed: ({ concealedPercent }) => concealedPercent > MAX_CONCEALED_PERCENT,
  },
  {
    text: "the machine is full, with users and emulators on it",
    crossed: ({ idlePercent }) => idlePercent < MIN_IDLE_PERCENT,
  },
];

export interface Capacity {
  /** The most calls that were measured without a limit being crossed; 0 if there is no such number. */
  calls: number;
  /** Of the next number of calls, when there is one: what was crossed. */
  crossed: { calls: number; limits: string[] } | undefined;
}

/** @param levels with ascending numbers of calls */
export function capacityOf(levels: readonly LevelFigures[]): Capacity {
  let calls = 0;
  for (const level of levels) {
    const limits = LIMITS.filter(({ crossed }) => crossed(level)).map(({ text }) => text);
    if (limits.length > 0) return { calls, crossed: { calls: level.calls, limits } };
    calls = level.calls;
  }
  return { calls, crossed: undefined };
}
