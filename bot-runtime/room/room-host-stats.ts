import type { RoomHostStats } from "./room.ts";

/** The figures of a host that has done nothing yet. */
export function noStats(): RoomHostStats {
  return {
    pages: 0,
    rooms: 0,
    framesIn: 0,
    framesOut: 0,
    framesLost: 0,
    maxGapMs: 0,
    lateBatches: 0,
    pagesLost: 0,
    browsersLost: 0,
    browsersReplaced: 0,
    continued: 0,
  };
}
