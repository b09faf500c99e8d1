import { z } from "zod";
import { JsonObject } from "./property-types.ts";

/**
 * Bodies of what the REST API asks of a meeting that is going on: docs.daily.co/openapi.json 1.1.1, the paths below
 * `/rooms/{room_name}`.
 */

/** Daily takes at most 100 of each. */
const MAX_EJECTED_AT_ONCE = 100;

/** Body of `POST /rooms/:name/eject`. */
export const EjectRequest = z.strictObject({
  ids: z.array(z.string()).max(MAX_EJECTED_AT_ONCE).default([]),
  user_ids: z.array(z.string()).max(MAX_EJECTED_AT_ONCE).default([]),
  /** Keeps those with the `user_ids` from coming back. */
  ban: z.boolean().default(false),
});
export type EjectRequest = z.output<typeof EjectRequest>;

/** Daily: "the 4kb size limit". In UTF-8, the stricter reading; daily-js counts characters. */
const MAX_APP_MESSAGE_BYTES = 4096;

/** Body of `POST /rooms/:name/send-app-message`. */
export const SendAppMessage = z.strictObject({
  data: JsonObject.refine((value) => Buffer.byteLength(JSON.stringify(value)) <= MAX_APP_MESSAGE_BYTES, {
    message: `must be at most ${MAX_APP_MESSAGE_BYTES} bytes of JSON`,
  }),
  /** A session id, or `*` for everybody. */
  recipient: z.string().min(1).default("*"),
});

/** Keys that one call may take out: far more than 100 kB of session data hold in practice. */
const MAX_DELETED_KEYS = 1000;

/** Body of `POST /rooms/:name/set-session-data`. */
export const SetSessionData = z
  .strictObject({
    data: JsonObject.default({}),
    mergeStrategy: z.enum(["replace", "shallow-merge"]).default("replace"),
    keysToDelete: z.array(z.string()).max(MAX_DELETED_KEYS).optional(),
  })
  .refine(({ mergeStrategy, keysToDelete }) => mergeStrategy === "shallow-merge" || !keysToDelete, {
    message: "keysToDelete needs the mergeStrategy shallow-merge",
  });
export type SetSessionData = z.output<typeof SetSessionData>;
