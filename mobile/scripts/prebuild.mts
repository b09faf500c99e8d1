import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nativeFaults } from "./native-faults.mts";
import { APP, expo } from "./run.mts";

/**
 * Makes the native projects and looks at what they ask of the user. In a folder of its own, which is removed again:
 * Expo changes `package.json` on the way.
 */
const folder = mkdtempSync(join(tmpdir(), "chat-vrd-prebuild-"));
try {
  for (const name of ["package.json", "app.json", "plugins", "assets", "index.ts"]) {
    cpSync(join(APP, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(APP, "node_modules"), join(folder, "node_modules"));
  expo(folder, "prebuild", "--no-install", "--platform", "android");
  expo(folder, "prebuild", "--no-install", "--platform", "ios");
  const faults = await nativeFaults(folder);
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length === 0)
    process.stdout.write("The native projects ask for what a call needs, and for nothing else.\n");
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
