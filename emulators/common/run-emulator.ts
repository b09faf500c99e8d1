import type { z } from "zod";
import { describeError, type Log } from "../../protocol/log.ts";
import type { ProgramEvent } from "./log-events.ts";
import { parseSettings } from "./settings.ts";

/** Closing takes milliseconds; after this long something hangs, and the process ends anyway. */
const CLOSE_WITHIN_MS = 2_000;

interface Running {
  url: string;
  close(): Promise<void>;
}

interface RunOptions<Settings extends z.ZodType<{ PORT: number }>> {
  /** As in "The Daily emulator". */
  name: string;
  /** `emulatorSettings`, and what this emulator has beside them. */
  settings: Settings;
  start(options: { port: number; settings: z.output<Settings> }): Promise<Running>;
  log: Log<ProgramEvent>;
}

/**
 * An emulator as a program of its own: settings from the environment, a line when it listens, its end on SIGTERM or
 * SIGINT. What keeps it from starting is a sentence on standard error, and exit code 1.
 */
export async function runEmulator<Settings extends z.ZodType<{ PORT: number }>>({
  name,
  settings: schema,
  start,
  log,
}: RunOptions<Settings>): Promise<void> {
  // Before anybody is told that we listen, or a signal that follows at once would kill us.
  const signalled = firstSignal();
  let emulator: Running;
  try {
    const settings = parseSettings(schema, process.env);
    const port = settings.PORT;
    emulator = await start({ port, settings }).catch((thrown: unknown) => {
      throw isPortInUse(thrown) ? new Error(`port ${port} is in use. Set PORT to another one.`) : thrown;
    });
  } catch (thrown) {
    process.stderr.write(`The ${name} emulator cannot start: ${sentenceOf(thrown)}\n`);
    process.exitCode = 1;
    return;
  }
  log({ event: "server.listening", url: emulator.url });

  const signal = await signalled;
  // Left running on purpose: a handle that outlives the closing would keep the process alive as well.
  setTimeout(() => process.exit(1), CLOSE_WITHIN_MS).unref();
  try {
    await emulator.close();
    log({ event: "server.stopped", signal });
  } catch (thrown) {
    log({ event: "server.close_failed", level: "error", error: describeError(thrown) });
    process.exitCode = 1;
  }
}

/** Later signals are heard and ignored: the program is ending already. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.on("SIGTERM", resolve);
    process.on("SIGINT", resolve);
  });
}

function isPortInUse(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "EADDRINUSE";
}

function sentenceOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : describeError(thrown);
}
