/** `npm run emulator:daily`: Daily in a box as its own process. */
import { runEmulator } from "../common/run-emulator.ts";
import { log } from "./log-events.ts";
import { startDailyEmulator } from "./server.ts";
import { Settings } from "./settings.ts";

await runEmulator({
  name: "Daily",
  settings: Settings,
  start: ({ port, settings }) =>
    startDailyEmulator({ port, rateLimits: settings.DAILY_EMULATOR_RATE_LIMITS, log }),
  log,
});
