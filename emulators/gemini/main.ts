/** `npm run emulator:gemini`: Gemini Live in a box as its own process. */
import { runEmulator } from "../common/run-emulator.ts";
import { log } from "./log-events.ts";
import { startGeminiEmulator } from "./server.ts";
import { Settings } from "./settings.ts";

await runEmulator({
  name: "Gemini",
  settings: Settings,
  start: ({ port }) => startGeminiEmulator({ port, log }),
  log,
});
