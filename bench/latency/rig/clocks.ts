import type { BarePage } from "../../common/bare-page/bare-page.ts";

/** How far the clocks of pages and of this process may be apart, in a sentence. */
export async function clockNote(pages: readonly BarePage[]): Promise<string> {
  const offsets = await Promise.all(pages.map((page) => page.clockOffset()));
  const slips = await Promise.all(pages.map((page) => page.clockSlips()));
  const worst = Math.max(...offsets.map(({ offsetMs, withinMs }) => Math.abs(offsetMs) + withinMs));
  const slipped = slips.reduce((sum, count) => sum + count, 0);
  return `The clocks of pages and Node agree within ${worst.toFixed(1)} ms; sound in the pages stood still ${slipped} times.`;
}
