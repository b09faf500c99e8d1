import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { SETTING_NAMES as BOT_SETTINGS } from "../bot-runtime/settings.ts";
import { SETTING_NAMES as EDGE_SETTINGS } from "../edge/settings.ts";
import { SETTING_NAMES as DAILY_SETTINGS } from "../emulators/daily/settings.ts";
import { SETTING_NAMES as GEMINI_SETTINGS } from "../emulators/gemini/settings.ts";
import { ROOT } from "./steps.ts";

/** Variables that are no settings of the product: of the tools that we run, of the tests, and of the bench's own programs. */
const FOREIGN = [
  ...["PATH", "WRANGLER_COMMAND", "WRANGLER_SEND_METRICS"],
  ...["API_REQUESTS", "API_SEED", "SESSION_SEEDS", "UPDATE_REFERENCE"],
  ...["BENCH_PLANTED_MS", "DELAY_MS", "WORKER"],
];

describe(".env.example", () => {
  it("holds every variable that a program reads, and no other", async () => {
    const text = await readFile(join(ROOT, ".env.example"), "utf8");
    const listed = [...text.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    const read = new Set([...EDGE_SETTINGS, ...BOT_SETTINGS, ...DAILY_SETTINGS, ...GEMINI_SETTINGS]);
    expect(listed.toSorted()).toEqual([...read].toSorted());
  });

  it("cannot be outdone: no source names a variable that is not listed", async () => {
    const sources = await promisify(execFile)(
      "git",
      ["grep", "--untracked", "-hoE", "process\\.env\\.[A-Z_]+", "--", "*.ts"],
      { cwd: ROOT },
    );
    const names = new Set(
      sources.stdout
        .split("\n")
        .filter(Boolean)
        .map((match) => match.replace("process.env.", "")),
    );
    const read = new Set([...EDGE_SETTINGS, ...BOT_SETTINGS, ...FOREIGN]);
    expect([...names].filter((name) => !read.has(name))).toEqual([]);
  });
});
