/** That the image can be built of what is sent to its build, and that nothing else is sent. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { SETTING_NAMES } from "../bot-runtime/settings.ts";
import { ROOT } from "./steps.ts";

/** Variables that the Dockerfile sets and that no setting of ours is called by. */
const FOREIGN_VARIABLES = ["HOME", "NODE_ENV"];

/** Every file of the checkout, those that are not committed yet among them, but what git ignores. */
let files: string[];
let dockerfile: string;
let patterns: string[];

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard"],
    {
      cwd: ROOT,
    },
  );
  files = stdout.trim().split("\n");
  dockerfile = (await readFile(join(ROOT, "Dockerfile"), "utf8")).replaceAll(/\\\n/g, "");
  const text = await readFile(join(ROOT, ".dockerignore"), "utf8");
  patterns = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
});

/** As Docker decides it: the last pattern that names the file, or a folder that it is in. */
function isSent(file: string): boolean {
  const parts = file.split("/");
  const paths = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  const last = patterns.findLast((pattern) => paths.some((path) => isMatch(path, pattern.replace(/^!/, ""))));
  return last === undefined || last.startsWith("!");
}

/** Docker's patterns: `**` is any number of folders, `*` anything in a name, a leading dot included. */
function isMatch(path: string, pattern: string): boolean {
  const parts = pattern.split(/(\*\*\/|\*)/).map((part) => {
    if (part === "**/") return "(?:.*/)?";
    return part === "*" ? "[^/]*" : part.replaceAll(/[\^$.+?()[\]{}|]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`).test(path);
}

/** What `COPY` takes out of what was sent. */
function copied(): string[] {
  return [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = ""]) =>
    sources.split(" "),
  );
}

function isCopied(file: string): boolean {
  return copied().some((source) => file === source || file.startsWith(`${source}/`));
}

describe("the Dockerfile", () => {
  it("copies nothing that is not there", () => {
    expect(copied()).not.toEqual([]);
    const missing = copied().filter(
      (source) => !files.some((file) => isSent(file) && `${file}/`.startsWith(`${source}/`)),
    );
    expect(missing).toEqual([]);
  });

  it("copies all that its bundles are made of, and the script that makes them", async () => {
    const { metafile } = await build({
      absWorkingDir: ROOT,
      entryPoints: [
        "scripts/build.ts",
        "bot-runtime/main.ts",
        "bot-runtime/vad/silero-thread.ts",
        "bot-runtime/room/page/page.ts",
        "bot-runtime/room/page/audio.worklet.ts",
        "bot-runtime/room/page/socket.webworker.ts",
      ],
      outdir: "unwritten",
      write: false,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      metafile: true,
    });
    const inputs = [
      ...Object.keys(metafile.inputs),
      "bot-runtime/room/page/index.html",
      "bot-runtime/vad/LICENSES-speech-model.txt",
    ];
    expect(inputs.filter((file) => !isSent(file) || !isCopied(file))).toEqual([]);
  });

  it("sets no variable that the bot runtime does not read", () => {
    const [, text = ""] = /^ENV (.+)$/m.exec(dockerfile) ?? [];
    const names = [...text.matchAll(/([A-Z_]+)=/g)].map(([, name]) => name);
    expect(names).toContain("APP_ENV");
    expect(names.filter((name) => ![...SETTING_NAMES, ...FOREIGN_VARIABLES].includes(name ?? ""))).toEqual(
      [],
    );
  });
});

describe(".dockerignore", () => {
  it.each([
    ".env",
    ".env.production",
    ".dev.vars",
    "bot-runtime/.env",
    "scripts/.dev.vars",
    ".git/config",
    "node_modules/zod/package.json",
    "test/clients/transport-1.5.0/node_modules/uuid/package.json",
    "dist/bot-runtime/main.mjs",
    "bot-runtime/main.test.ts",
    "bot-runtime/testing/fake-live.ts",
  ])("keeps %s out", (file) => {
    expect(isSent(file)).toBe(false);
  });

  it("sends no file that is not needed", () => {
    expect(files.filter((file) => isSent(file) && !isCopied(file))).toEqual([]);
  });
});
