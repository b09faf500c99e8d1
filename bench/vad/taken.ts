import { z } from "zod";

/** What the detectors of some calls took. */
export const Taken = z.object({
  /** Of all threads of the process. */
  cpuMs: z.number(),
  forMs: z.number(),
  /** From the frame that made a window whole until its judgement, for each window. */
  delaysMs: z.array(z.number()),
  windows: z.number(),
  batches: z.number(),
  windowsLost: z.number(),
  residentBytes: z.number(),
});
export type Taken = z.infer<typeof Taken>;

/** In percent of a core. */
export function cpuOfOneCall({ cpuMs, forMs }: Taken, calls: number): number {
  return (100 * cpuMs) / forMs / calls;
}
