import { z } from "zod";

/**
 * Daily describes its times and durations as 32-bit integers (docs.daily.co/openapi.json 1.1.1: `format: int32`).
 * That also refuses milliseconds, the usual mistake, whose room would never expire.
 */
const MAX_INT32 = 2_147_483_647;

/** A point in time as Daily writes it: seconds since 1970, UTC. */
export const unixSeconds = z.int().nonnegative().max(MAX_INT32);

export const durationSeconds = z.int().positive().max(MAX_INT32);
