import { build } from "esbuild";
import { ROOT } from "../../scripts/steps.ts";
import { type RunningWorker, runWorker } from "../common/workerd/workerd.ts";

export async function buildBare(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["bench/edge/bare-worker.ts"],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2024",
  });
  return outputFiles[0]?.text ?? "";
}

export function runBare(script: string, vars: Record<string, string>): Promise<RunningWorker> {
  return runWorker(script, {
    name: "bare",
    compatibilityDate: "2026-09-15",
    bindings: vars,
    durableObjects: { OBJECTS: { className: "Bare", useSQLite: true } },
  });
}
