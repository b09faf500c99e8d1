import { createLog, describeError } from "../protocol/log.ts";
import { type BotRuntime, startBotRuntime } from "./bot-runtime.ts";
import type { BotRuntimeEvent } from "./log-events.ts";
import { createChromiumRoomHost } from "./room/chromium-room-host.ts";
import type { RoomLogEvent } from "./room/log-events.ts";
import { readSettings, type Settings, SettingsError } from "./settings.ts";

/** Calls, browser and sockets have this long to end; then the process goes without them. */
const SHUTDOWN_MS = 2_800;

/** Of that, the calls have this to leave their rooms. */
const CALLS_END_MS = 1_000;
/** A Ctrl-C reaches a program twice under npm: from the terminal, and forwarded by npm. */
const SAME_CTRL_C_MS = 500;

const log = createLog<BotRuntimeEvent | RoomLogEvent>("bot-runtime");
let unhandledRejections = 0;

// One call's forgotten promise must not end all the others. It is a fault all the same: counted, and logged.
process.on("unhandledRejection", (thrown) => {
  unhandledRejections += 1;
  log({ event: "process.unhandled_rejection", level: "error", detail: describeError(thrown) });
});

await main();

async function main(): Promise<void> {
  const settings = settingsOrExit();
  const stack = new AsyncDisposableStack();
  let running: BotRuntime | undefined;
  endOnSignals({ drain: async () => running?.drain(), end: () => stack.disposeAsync() });
  try {
    const roomHost = await createChromiumRoomHost({
      ...(settings.chromiumPath ? { chromiumPath: settings.chromiumPath } : {}),
      sandbox: settings.chromiumSandbox,
      ...(settings.daily.callMachineUrl ? { callMachineUrl: settings.daily.callMachineUrl } : {}),
      callsPerPage: settings.callsPerPage,
      sparePage: settings.sparePage,
      pageMaxCalls: settings.pageMaxCalls,
      browserMaxCalls: settings.browserMaxCalls,
      browserMaxMb: settings.browserMaxMb,
      log,
    });
    stack.defer(() => roomHost.close());
    running = await startBotRuntime({
      settings,
      roomHost,
      log,
      unhandledRejections: () => unhandledRejections,
    });
    const { close } = running;
    stack.defer(async () => {
      // What is still waited for then is a page, and it ends with that.
      const timer = setTimeout(() => void roomHost.close(), CALLS_END_MS);
      await close();
      clearTimeout(timer);
    });
  } catch (thrown) {
    log({ event: "server.start_failed", level: "error", detail: describeError(thrown) });
    process.exitCode = 1;
    await stack.disposeAsync();
  }
}

function settingsOrExit(): Settings {
  try {
    return readSettings(process.env);
  } catch (thrown) {
    if (!(thrown instanceof SettingsError)) throw thrown;
    process.stderr.write(`${thrown.message}\n`);
    process.exit(1);
  }
}

interface Ending {
  /** Resolves when the calls are over, or no longer worth waiting for. */
  drain(): Promise<void>;
  /** Resolves when all is over, in order. */
  end(): Promise<void>;
}

/** SIGTERM drains and then ends, a second one ends at once, and so does Ctrl-C; whoever asks once more is not kept. */
function endOnSignals({ drain, end }: Ending): void {
  let stage: "serving" | "draining" | "ending" = "serving";
  let askedAt = 0;
  const goodbye = () => {
    if (stage === "ending") return;
    stage = "ending";
    setTimeout(() => process.exit(1), SHUTDOWN_MS);
    end().then(
      () => process.exit(0),
      (thrown: unknown) => {
        log({ event: "server.close_failed", level: "error", detail: describeError(thrown) });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", () => {
    if (stage === "ending") process.exit(1);
    if (stage === "draining") return goodbye();
    stage = "draining";
    void drain().finally(goodbye);
  });
  process.on("SIGINT", () => {
    const now = performance.now();
    if (stage === "ending" && now - askedAt > SAME_CTRL_C_MS) process.exit(1);
    askedAt = now;
    goodbye();
  });
}
