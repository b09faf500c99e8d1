import { z } from "zod";
import { MAX_CALL, MAX_ERROR_TYPE_CHARS, MAX_ID_CHARS, MAX_NAME_CHARS } from "./limits.ts";

/**
 * The text messages of the bridge, in JSON, beside the heartbeat. The page's code imports types only: what Node
 * says it trusts, and zod would be weight in every page.
 */

/** Node to page. A call is known by its number, which is not used again before all others were. */
export type ToPage =
  | { type: "open"; call: number }
  | { type: "join"; call: number; url: string; token: string; userName: string }
  | { type: "send"; call: number; data: unknown }
  /** The bot's microphone off and on again. */
  | { type: "republish"; call: number }
  /** Leaves and frees the call; also one that never joined. Always answered with `closed`. */
  | { type: "close"; call: number };

const call = z.int().min(1).max(MAX_CALL);
const participant = z.object({
  id: z.string().max(MAX_ID_CHARS),
  userId: z.string().max(MAX_ID_CHARS),
  userName: z.string().max(MAX_NAME_CHARS),
});

export const FromPage = z.discriminatedUnion("type", [
  /** The audio thread runs and calls can be opened. */
  z.object({ type: z.literal("ready"), renderQuantum: z.int().positive() }),
  /** The page cannot work, or something in it broke. */
  z.object({ type: z.literal("page-error"), detail: z.string().max(1_024), fatal: z.boolean() }),
  /** A call object with Daily's call machine in it waits for the next call. */
  z.object({ type: z.literal("preloaded"), ms: z.number() }),
  z.object({ type: z.literal("preload-failed"), detail: z.string().max(1_024) }),
  z.object({ type: z.literal("opened"), call }),
  z.object({ type: z.literal("open-failed"), call, detail: z.string().max(1_024) }),
  z.object({ type: z.literal("joined"), call }),
  z.object({ type: z.literal("participant-joined"), call, participant }),
  z.object({ type: z.literal("participant-left"), call, participant }),
  z.object({ type: z.literal("app-message"), call, data: z.unknown(), fromId: z.string().max(MAX_ID_CHARS) }),
  /** The call is over without our asking, or could not be joined. `errorType` is Daily's. */
  z.object({
    type: z.literal("ended"),
    call,
    errorType: z.string().max(MAX_ERROR_TYPE_CHARS),
    detail: z.string().max(1_024),
  }),
  z.object({ type: z.literal("closed"), call }),
]);
export type FromPage = z.infer<typeof FromPage>;
export type PageParticipant = z.infer<typeof participant>;
