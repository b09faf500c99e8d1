import type { BarePage } from "../../common/bare-page/bare-page.ts";

/** How far the clocks of pages and of this process may be apart, and how often sound stood still in a page. */
export class Clocks {
  #worstMs = 0;
  #slips = 0;

  /** To be called once for each page, before it is closed. */
  async look(pages: readonly BarePage[]): Promise<void> {
    for (const page of pages) {
      const { offsetMs, withinMs } = await page.clockOffset();
      this.#worstMs = Math.max(this.#worstMs, Math.abs(offsetMs) + withinMs);
      this.#slips += await page.clockSlips();
    }
  }

  /** In a sentence. */
  note(): string {
    return `The clocks of pages and Node agree within ${this.#worstMs.toFixed(1)} ms; sound in the pages stood still ${this.#slips} times.`;
  }
}
