/** How the container of an object is doing, as its object keeps it between two looks. Times are epoch milliseconds. */
export type Care =
  /** It holds calls, or has just been woken for one. */
  | { kind: "busy" }
  | { kind: "idle"; since: number }
  /** It does not answer, or cannot take a call and holds none. */
  | { kind: "ill"; since: number }
  /** It takes no new calls, and was told to end. */
  | { kind: "draining"; since: number };

/** What one look has seen. */
export type Seen = { kind: "busy" } | { kind: "idle" } | { kind: "ill" };

export interface CareStep {
  care: Care;
  act: "none" | "end" | "destroy";
  lookAgainMs: number;
}

/** Often enough that the platform never takes a container in a call for an idle one; each look is a small request. */
export const LOOK_MS = 30_000;
/** Without a call for so long it ends: long enough that the next caller of a quiet service mostly finds it awake. */
export const IDLE_MS = 5 * 60_000;
/** Longer than a bad moment, and than a container takes to boot. What calls it holds are over by then as well. */
export const ILL_MS = 90_000;
/** The bot runtime is gone 3 s after it was told to end. */
export const END_MS = 15_000;

/** What follows from a look at a container that runs. */
export function nextCare(care: Care | undefined, seen: Seen, now: number): CareStep {
  if (care?.kind === "draining") {
    return now - care.since >= END_MS
      ? { care, act: "destroy", lookAgainMs: END_MS }
      : { care, act: "none", lookAgainMs: END_MS };
  }
  if (seen.kind === "busy") return { care: seen, act: "none", lookAgainMs: LOOK_MS };
  const since = care?.kind === seen.kind ? care.since : now;
  const lasted = now - since;
  if (seen.kind === "ill") {
    return { care: { kind: "ill", since }, act: lasted >= ILL_MS ? "destroy" : "none", lookAgainMs: LOOK_MS };
  }
  return lasted >= IDLE_MS
    ? { care: { kind: "draining", since: now }, act: "end", lookAgainMs: END_MS }
    : { care: { kind: "idle", since }, act: "none", lookAgainMs: LOOK_MS };
}
