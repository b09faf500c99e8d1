import type { BareEvent, BarePage } from "../../common/bare-page/bare-page.ts";
import type { TimedMarker } from "../timed-markers.ts";

/** The markers that a page has heard. */
export function heardBy({ events }: BarePage): TimedMarker[] {
  return events.flatMap((event) =>
    event.type === "marker" ? [{ number: event.number, atMs: event.atMs }] : [],
  );
}

/**
 * The first such event of a page that is not before that time: one that it has told already, or the next one.
 * @throws Error when it does not come in time
 */
export async function firstSince<Type extends BareEvent["type"]>(
  page: BarePage,
  { type, fromMs, withinMs }: { type: Type; fromMs: number; withinMs: number },
  which: (event: BareEvent & { type: Type }) => boolean = () => true,
): Promise<BareEvent & { type: Type }> {
  type Wanted = BareEvent & { type: Type };
  const isWanted = (event: BareEvent): event is Wanted =>
    // It is one of that type, which is asked first.
    event.type === type && event.atMs >= fromMs && which(event as Wanted);
  return page.events.find(isWanted) ?? page.page.next(isWanted, withinMs, type);
}

/** What a page's `next` throws. */
const NOT_IN_TIME = /did not tell of .* in time$/;

/** What was measured of one thing, and how often it could not be: the sound that was waited for did not come. */
export class Samples {
  readonly ms: number[] = [];
  missed = 0;

  /** Adds what `measure` finds out. Whatever else goes wrong than that nothing comes is thrown. */
  add(measure: () => Promise<number>): Promise<void> {
    return this.tried(async () => {
      this.ms.push(await measure());
    });
  }

  /** Adds how long ago something was; missed when it was not at all. */
  addSince(fromMs: number | undefined, toMs: number): void {
    if (fromMs === undefined) this.missed += 1;
    else this.ms.push(toMs - fromMs);
  }

  /** As `add`, for what is added by itself, or later. */
  async tried(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Error) || !NOT_IN_TIME.test(error.message)) throw error;
      this.missed += 1;
    }
  }
}
