/** What happened, for the diagnostics: names and small values; no words that were said, no token, no room. */
export interface LogEntry {
  readonly atMs: number;
  readonly name: string;
  readonly detail?: string | undefined;
}

/** Some minutes of a call, and every state change of a long one. */
export const MAX_ENTRIES = 200;

export function addEntry(log: readonly LogEntry[], entry: LogEntry): readonly LogEntry[] {
  return [...log, entry].slice(-MAX_ENTRIES);
}

export function logText(log: readonly LogEntry[]): string {
  return log
    .map(({ atMs, name, detail }) => [new Date(atMs).toISOString(), name, detail].filter(Boolean).join(" "))
    .join("\n");
}
