/** A thread that says it is ready and answers no batch. It still ends when it is told to, as one that is slow does. */
import { parentPort } from "node:worker_threads";
import type { FromThread, ToThread } from "../silero-batch.ts";

parentPort?.on("message", ({ kind }: ToThread) => {
  if (kind === "end") parentPort?.close();
});
parentPort?.postMessage({ kind: "ready", runtime: "native" } satisfies FromThread);
