import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** The app's folder. */
export const APP = join(import.meta.dirname, "..");

/** Nothing is asked, told or looked up on the way. */
const QUIET = { CI: "1", EXPO_NO_TELEMETRY: "1", EXPO_OFFLINE: "1" };

/** Runs Expo's command line in a folder; ends this program where it fails. */
export function expo(folder: string, ...args: string[]): void {
  const { status, error } = spawnSync(process.execPath, [join(APP, "node_modules/expo/bin/cli"), ...args], {
    cwd: folder,
    stdio: "inherit",
    env: { ...process.env, ...QUIET },
  });
  if (status !== 0) {
    process.stderr.write(`expo ${args.join(" ")} failed${error ? `: ${error.message}` : ""}\n`);
    process.exit(1);
  }
}
