import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { APP, expo } from "./run.mts";

/**
 * Bundles the app for the platforms named, or for all: `node scripts/export.mts [web] [android] [ios]`. The web's
 * output, `dist/web`, is laid beside the service's own page, which then has it under `/app`. That the bundles are there
 * and whole is checked.
 */
const PLATFORMS = ["web", "android", "ios"] as const;
type Platform = (typeof PLATFORMS)[number];

/** Where the service's files are, as `wrangler.toml` says. */
const SERVED = join(APP, "../dist/console/app");

/** What Hermes bytecode begins with. */
const HERMES_MAGIC = "c61fbc03c103191f";

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PLATFORMS.some((platform) => platform === name));
if (unknown.length > 0) fail(`unknown: ${unknown.join(" ")}; there are ${PLATFORMS.join(" ")}`);

for (const platform of PLATFORMS.filter((name) => wanted.length === 0 || wanted.includes(name))) {
  const output = join(APP, "dist", platform);
  rmSync(output, { recursive: true, force: true });
  expo(APP, "export", "--platform", platform, "--output-dir", output);
  const fault = faultOf(platform, output);
  if (fault !== undefined) fail(`${platform}: ${fault}`);
  if (platform === "web") {
    rmSync(SERVED, { recursive: true, force: true });
    cpSync(output, SERVED, { recursive: true });
  }
}

function faultOf(platform: Platform, output: string): string | undefined {
  const files = readdirSync(output, { recursive: true, encoding: "utf8" });
  if (platform === "web") {
    const page = join(output, "index.html");
    if (!existsSync(page)) return "there is no index.html";
    const scripts = [...readFileSync(page, "utf8").matchAll(/<script[^>]+src="([^"]+)"/g)].map(
      ([, src]) => src ?? "",
    );
    if (scripts.length === 0) return "index.html loads no script";
    const missing = scripts.filter(
      (src) => !src.startsWith("/app/") || !existsSync(join(output, src.slice("/app/".length))),
    );
    return missing.length > 0 ? `not below /app: ${missing.join(" ")}` : undefined;
  }
  const bundle = files.find((file) => file.endsWith(".hbc"));
  if (bundle === undefined) return "there is no Hermes bundle";
  const magic = readFileSync(join(output, bundle)).subarray(0, 8).toString("hex");
  return magic === HERMES_MAGIC ? undefined : `${bundle} is no Hermes bytecode: ${magic}`;
}

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}
