import { z } from "zod";
import { noStamps, type Stamps } from "./stamp-ledger.ts";

/** The event of the lines that carry stamps, among those of the bot runtime's log. */
export const STAMPS_EVENT = "bench.stamps";

const StampsLine = z.object({
  event: z.literal(STAMPS_EVENT),
  uplink: z.array(z.object({ atMs: z.number(), newestMs: z.number(), oldestMs: z.number() })),
  downlink: z.array(z.object({ atMs: z.number(), addedMs: z.number() })),
  interrupted: z.array(z.number()),
  flushed: z.array(z.number()),
});

/** What the preload has printed so far. */
export class StampsSeen {
  readonly #seen: Stamps = noStamps();
  #waiting: { lines: number; resolve(): void }[] = [];

  /** Takes a line of the program, whatever it is. */
  line(line: string): void {
    if (!line.includes(`"${STAMPS_EVENT}"`)) return;
    const { uplink, downlink, interrupted, flushed } = StampsLine.parse(JSON.parse(line));
    this.#seen.uplink.push(...uplink);
    this.#seen.downlink.push(...downlink);
    this.#seen.interrupted.push(...interrupted);
    this.#seen.flushed.push(...flushed);
    for (const one of this.#waiting) one.lines -= 1;
    for (const one of this.#waiting.filter(({ lines }) => lines === 0)) one.resolve();
    this.#waiting = this.#waiting.filter(({ lines }) => lines > 0);
  }

  /** Resolves when all is told that was seen before now: the line after next was begun after it. */
  caughtUp(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ lines: 2, resolve });
    return promise;
  }

  /** Of that time, both ends included, in epoch ms. */
  between(fromMs: number, toMs: number): Stamps {
    const isIn = (atMs: number) => atMs >= fromMs && atMs <= toMs;
    return {
      uplink: this.#seen.uplink.filter(({ atMs }) => isIn(atMs)),
      downlink: this.#seen.downlink.filter(({ atMs }) => isIn(atMs)),
      interrupted: this.#seen.interrupted.filter(isIn),
      flushed: this.#seen.flushed.filter(isIn),
    };
  }
}
