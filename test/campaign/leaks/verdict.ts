/** Numbers of things, by what they are: `bot: TCPSocketWrap` and the like. */
export type Counts = Readonly<Record<string, number>>;

/** How large every heap was once so many calls were over. */
export interface Measurement {
  calls: number;
  /** Bytes after a forced collection, by whose heap it is. */
  heaps: Counts;
}

export interface EndedCall {
  sessionId: string;
  end: string;
  state: string;
  reason: string | undefined;
  endedAt: string | undefined;
}

export interface LeaksReport {
  measurements: Measurement[];
  /** At rest: before the first measured call, and after the last. */
  before: Counts;
  after: Counts;
  /** All calls, those of the warm-up too. */
  calls: EndedCall[];
}

/** How fast each heap grows, in bytes a call: the least-squares line through its measurements. */
export function slopes(measurements: readonly Measurement[]): Counts {
  const names = Object.keys(measurements[0]?.heaps ?? {});
  return Object.fromEntries(
    names.map((name) => [
      name,
      slope(measurements.map(({ calls, heaps }) => ({ x: calls, y: heaps[name] ?? Number.NaN }))),
    ]),
  );
}

/** Of the least-squares line. @throws Error when the points do not make a line */
export function slope(points: readonly { x: number; y: number }[]): number {
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  let xx = 0;
  let xy = 0;
  for (const { x, y } of points) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
  }
  const result = xy / xx;
  if (!Number.isFinite(result)) throw new Error("There are too few measurements to see a slope");
  return result;
}

/** What is not as before, as `name: before → after`. */
export function differences(before: Counts, after: Counts): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const [then, now] = [before[name] ?? 0, after[name] ?? 0];
    return then === now ? [] : [`${name}: ${then} → ${now}`];
  });
}

/** What is wrong, in a sentence each. Nothing means that nothing leaks. */
export function complaintsOf(report: LeaksReport, { maxSlope }: { maxSlope: number }): string[] {
  const grown = Object.entries(slopes(report.measurements))
    .filter(([, bytes]) => bytes > maxSlope)
    .map(([name, bytes]) => `The heap of ${name} grows by ${Math.round(bytes)} bytes a call.`);
  const left = differences(report.before, report.after).map((what) => `Not as before the calls: ${what}.`);
  const open = report.calls
    .filter(({ state, endedAt }) => state !== "completed" || endedAt === undefined)
    .map(({ sessionId, end, state, reason }) => `Session ${sessionId} (${end}) is ${state} (${reason}).`);
  return [...grown, ...left, ...open];
}
