import type { Side } from "../session/speaker.ts";

/**
 * Audio levels, 0 to 1, ten times a second: outside React and the store, so that a level moves what shows it and
 * renders nothing.
 */
export class Levels {
  readonly #listeners = new Set<(side: Side, level: number) => void>();

  /** @param level of Daily, linear; speech is mostly below 0.3. */
  set(side: Side, level: number): void {
    const shown = meterValue(level);
    for (const listener of this.#listeners) listener(side, shown);
  }

  reset(): void {
    this.set("user", 0);
    this.set("assistant", 0);
  }

  subscribe(listener: (side: Side, level: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The root spreads soft speech over the lower half of a meter, where it can be seen. */
export function meterValue(level: number): number {
  return Number.isFinite(level) ? Math.sqrt(Math.min(1, Math.max(0, level))) : 0;
}
