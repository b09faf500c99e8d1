/** What every log event has. Each program declares its own union of events; there is no free text. */
export interface LogEventBase {
  /** `noun.verb_in_the_past`, such as `bot.joined`. */
  event: string;
  /** `info` when absent. */
  level?: "debug" | "info" | "warn" | "error";
}

export type Log<Event extends LogEventBase> = (event: Event) => void;

/**
 * The one log function of all programs: JSON lines with time, program and level first.
 * `write` gets each line without its newline; the default is the console, which both runtimes have.
 */
export function createLog<Event extends LogEventBase>(
  program: "edge" | "bot-runtime" | "daily-emulator" | "gemini-emulator",
  write: (line: string) => void = writeToConsole,
): Log<Event> {
  return ({ event, level = "info", ...fields }) => {
    write(JSON.stringify({ at: new Date().toISOString(), level, program, event, ...fields }));
  };
}

function writeToConsole(line: string): void {
  // biome-ignore lint/suspicious/noConsole: standard output is where log lines go, on both runtimes
  console.log(line);
}

/** A thrown value as text for a log field: name and message, never a stack with user data in it. */
export function describeError(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
