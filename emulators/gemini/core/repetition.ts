/** Does something now and then again and again, each time a whole number of intervals after the first. */
export class Repetition {
  #timer: NodeJS.Timeout | undefined;

  /** Takes the place of what was repeated so far. @param everyMs once alone when it is left out */
  start(run: () => void, everyMs?: number): void {
    this.stop();
    const startedAt = performance.now();
    const schedule = (times: number) => {
      if (everyMs === undefined) return;
      // Against the start, not the last time: late timers must not add up.
      const waitMs = startedAt + times * everyMs - performance.now();
      this.#timer = setTimeout(() => {
        schedule(times + 1);
        run();
      }, waitMs);
    };
    schedule(1);
    run();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
