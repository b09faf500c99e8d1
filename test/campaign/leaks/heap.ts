import { z } from "zod";
import type { CdpTarget } from "../../support/cdp-socket.ts";

const NodeMemory = z.object({ heapUsed: z.number(), external: z.number() });

/** What a page's, worker's or worklet's objects take once the garbage is gone: JavaScript, DOM and buffers. */
export async function browserHeapBytes(target: CdpTarget): Promise<number> {
  await collect(target);
  const { usedSize, embedderHeapUsedSize, backingStorageSize } = await target.send("Runtime.getHeapUsage");
  return usedSize + embedderHeapUsedSize + backingStorageSize;
}

/** The same for a Node program, of which the protocol tells the buffers less exactly than Node itself. */
export async function nodeHeapBytes(target: CdpTarget): Promise<number> {
  await collect(target);
  const { result } = await target.send("Runtime.evaluate", {
    expression: "process.memoryUsage()",
    returnByValue: true,
  });
  const { heapUsed, external } = NodeMemory.parse(result.value);
  return heapUsed + external;
}

/** Twice: what a finalizer lets go of is garbage only after the first. */
async function collect(target: CdpTarget): Promise<void> {
  await target.send("HeapProfiler.collectGarbage");
  await target.send("HeapProfiler.collectGarbage");
}
