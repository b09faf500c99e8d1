/**
 * The thread in which Silero runs for all calls of this process: the native library computes on the thread that asks
 * it to, and Node's main thread has audio to carry.
 */
import { parentPort, workerData } from "node:worker_threads";
import {
  AT_REST,
  batchViews,
  type FromThread,
  type SileroRuntime,
  type ThreadData,
  type ToThread,
} from "./silero-batch.ts";
import { loadSilero } from "./silero-session.ts";

// Started by `SileroWorker` alone, which gives it this.
const data = workerData as ThreadData;
const port = parentPort;
if (!port) throw new Error("silero-thread is no program of its own.");

function say(message: FromThread): void {
  port?.postMessage(message);
}

function rest(): void {
  Atomics.store(data.busy, 0, AT_REST);
  Atomics.notify(data.busy, 0);
}

try {
  const session = await loadSilero(data);
  const { runtime, nativeFailure } = session;
  // An error within ends the thread, and `SileroWorker` starts another one.
  port.on("message", async (message: ToThread) => {
    if (message.kind === "end") {
      port.close();
      return;
    }
    const { size } = message;
    await session.run(batchViews(data.batch, size), size);
    rest();
    say({ kind: "judged", size });
  });
  rest();
  say(ready(runtime, nativeFailure));
} catch (thrown) {
  rest();
  say({ kind: "unusable", detail: thrown instanceof Error ? thrown.message : String(thrown) });
}

function ready(runtime: SileroRuntime, nativeFailure: string | undefined): FromThread {
  return { kind: "ready", runtime, ...(nativeFailure === undefined ? {} : { nativeFailure }) };
}
