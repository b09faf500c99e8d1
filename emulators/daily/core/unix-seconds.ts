import { z } from "zod";

/** The last second that a `Date` can hold (ECMAScript: 8.64e15 ms). Beyond it `toISOString` throws. */
const MAX_UNIX_S = 8_640_000_000_000;

/** A point in time as Daily writes it: seconds since 1970, UTC. */
export const unixSeconds = z.int().nonnegative().max(MAX_UNIX_S);

/** A hundred years: added to the present it is still a date. */
const MAX_DURATION_S = 3_155_760_000;

export const durationSeconds = z.int().positive().max(MAX_DURATION_S);
