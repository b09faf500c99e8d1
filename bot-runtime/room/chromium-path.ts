import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** What a Chromium is called, best first: the headless shell needs half the memory of the others. */
const NAMES = [
  "chromium-headless-shell",
  "chrome-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
];
const MACOS_PATHS = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

export interface ChromiumSearch {
  /** `CHROMIUM_PATH`: taken as it is, or refused. */
  wanted?: string | undefined;
  /** `PATH`. */
  searchPath?: string | undefined;
  isExecutable?: (path: string) => boolean;
}

/** The Chromium to run. @throws Error with a sentence that says what to do when there is none */
export function findChromium(search: ChromiumSearch = {}): string {
  const { wanted, searchPath = process.env.PATH ?? "", isExecutable = canExecute } = search;
  if (wanted !== undefined && wanted !== "") {
    if (isExecutable(wanted)) return wanted;
    throw new Error(`CHROMIUM_PATH is "${wanted}", which is not a program that can be run.`);
  }
  const folders = searchPath.split(delimiter).filter((folder) => folder !== "");
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
    .concat(MACOS_PATHS)
    .find(isExecutable);
  if (found) return found;
  throw new Error(
    `No Chromium was found (looked for ${NAMES.join(", ")}). Install chromium-headless-shell, or set CHROMIUM_PATH.`,
  );
}

function canExecute(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
