import { pathToFileURL } from "node:url";
import type { InferenceSession, TypedTensor } from "onnxruntime-web";
import {
  type BatchViews,
  INPUT_SAMPLES,
  LAYER_LENGTH,
  LAYERS,
  MAX_BATCH,
  type SileroRuntime,
  STATE_LENGTH,
  type ThreadData,
} from "./silero-batch.ts";

/** The model, loaded. */
export interface SileroSession {
  readonly runtime: SileroRuntime;
  /** Why the native library could not be had, when it was tried. */
  readonly nativeFailure?: string;
  /** Replaces the state in the batch, and fills in the probabilities. One at a time. */
  run(batch: BatchViews, size: number): Promise<void>;
}

/** What the two libraries have in common, which is all that is used of them. */
interface Ort {
  InferenceSession: Pick<typeof InferenceSession, "create">;
  Tensor: typeof import("onnxruntime-web").Tensor;
}

/** The rest of the machine's cores have calls to carry; and batches this small are no faster on more of them. */
const ONE_THREAD = { intraOpNumThreads: 1, interOpNumThreads: 1 } as const;
const SAMPLE_RATE = 16_000n;

/** What has to be known to load it. */
export type SileroSource = Pick<ThreadData, "model" | "wasm" | "runtime">;

/** @throws Error when no library can load the model */
export async function loadSilero(data: SileroSource): Promise<SileroSession> {
  if (data.runtime === "wasm") return load(data, "wasm");
  try {
    return await load(data, "native");
  } catch (thrown) {
    if (data.runtime === "native") throw thrown;
    const nativeFailure = messageOf(thrown);
    const session = await load(data, "wasm").catch((wasmThrown: unknown) => {
      throw new Error(`native: ${nativeFailure}; wasm: ${messageOf(wasmThrown)}`);
    });
    return { ...session, nativeFailure };
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

async function load(data: SileroSource, runtime: SileroRuntime): Promise<SileroSession> {
  const ort = runtime === "native" ? await loadNative() : await loadWasm(data);
  const session = await ort.InferenceSession.create(data.model, ONE_THREAD);
  const sr = new ort.Tensor("int64", BigInt64Array.of(SAMPLE_RATE), []);
  // The libraries do not take shared memory.
  const inputs = new Float32Array(MAX_BATCH * INPUT_SAMPLES);
  const states = new Float32Array(MAX_BATCH * STATE_LENGTH);
  return {
    runtime,
    run: async (batch, size) => {
      inputs.set(batch.input);
      states.set(batch.state);
      const input = inputs.subarray(0, batch.input.length);
      const state = states.subarray(0, batch.state.length);
      const { output, stateN } = await session.run({
        input: new ort.Tensor("float32", input, [size, INPUT_SAMPLES]),
        state: new ort.Tensor("float32", state, [LAYERS, size, LAYER_LENGTH]),
        sr,
      });
      batch.probabilities.set(floats(output));
      batch.state.set(floats(stateN));
    },
  };
}

/** Absent where npm could not install it, and without a binary for some platforms: then this fails. */
async function loadNative(): Promise<Ort> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  return { InferenceSession, Tensor };
}

async function loadWasm({ wasm }: SileroSource): Promise<Ort> {
  const { env, InferenceSession, Tensor } = await import("onnxruntime-web");
  env.wasm.wasmPaths = { mjs: pathToFileURL(wasm.module).href, wasm: pathToFileURL(wasm.binary).href };
  // More than one would start threads of its own.
  env.wasm.numThreads = 1;
  return { InferenceSession, Tensor };
}

function floats(tensor: InferenceSession.OnnxValueMapType[string] | undefined): Float32Array {
  if (tensor?.type !== "float32") throw new Error(`The model gave ${tensor?.type ?? "nothing"}.`);
  // Narrowing by `type` does not reach `data`: the library's union is of interfaces with a generic parent.
  return (tensor as TypedTensor<"float32">).data as Float32Array;
}
