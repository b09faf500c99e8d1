import { createRequire } from "node:module";
import { join } from "node:path";
import type { ThreadData } from "./silero-batch.ts";

export interface SileroFiles extends Pick<ThreadData, "model" | "wasm"> {
  /** The program of the model's thread. */
  thread: string;
}

/** In a checkout the packages', where TypeScript runs as it is; beside the bundle where there is one (`scripts/build.ts`). */
export function sileroFiles(): SileroFiles {
  if (!import.meta.filename.endsWith(".ts")) return filesBeside(import.meta.dirname);
  const { resolve } = createRequire(import.meta.url);
  return {
    thread: join(import.meta.dirname, "silero-thread.ts"),
    model: resolve("@ricky0123/vad-web/dist/silero_vad_v6.onnx"),
    wasm: {
      module: resolve("onnxruntime-web/ort-wasm-simd-threaded.mjs"),
      binary: resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
    },
  };
}

function filesBeside(folder: string): SileroFiles {
  return {
    thread: join(folder, "silero-thread.mjs"),
    model: join(folder, "silero_vad_v6.onnx"),
    wasm: {
      module: join(folder, "ort-wasm-simd-threaded.mjs"),
      binary: join(folder, "ort-wasm-simd-threaded.wasm"),
    },
  };
}
