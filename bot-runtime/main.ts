import { createLog, describeError } from "../protocol/log.ts";
import { startBotRuntime } from "./bot-runtime.ts";
import type { BotRuntimeEvent } from "./log-events.ts";
import { createChromiumRoomHost } from "./room/chromium-room-host.ts";
import type { RoomLogEvent } from "./room/log-events.ts";
import { readSettings, type Settings, SettingsError } from "./settings.ts";

/** Calls, browser and sockets have this long to end; then the process goes without them. */
const SHUTDOWN_MS = 2_800;

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
  endOnSignals(stack);
  try {
    const roomHost = await createChromiumRoomHost({
      ...(settings.chromiumPath ? { chromiumPath: settings.chromiumPath } : {}),
      sandbox: settings.chromiumSandbox,
      ...(settings.daily.callMachineUrl ? { callMachineUrl: settings.daily.callMachineUrl } : {}),
      callsPerPage: settings.callsPerPage,
      log,
    });
    stack.defer(() => roomHost.close());
    const runtime = await startBotRuntime({
      settings,
      roomHost,
      log,
      unhandledRejections: () => unhandledRejections,
    });
    stack.defer(() => runtime.close());
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

/** The first signal ends all in order, the second at once. */
function endOnSignals(stack: AsyncDisposableStack): void {
  let ending = false;
  const end = () => {
    if (ending) process.exit(1);
    ending = true;
    setTimeout(() => process.exit(1), SHUTDOWN_MS);
    stack.disposeAsync().then(
      () => process.exit(0),
      (thrown: unknown) => {
        log({ event: "server.close_failed", level: "error", detail: describeError(thrown) });
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
}
