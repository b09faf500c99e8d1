import { z } from "zod";
import { ProblemError } from "../../protocol/errors.ts";
import { describeFieldErrors, fieldErrors } from "../../protocol/parse.ts";

/**
 * The properties of a room that we make, as `POST /rooms` takes them.
 * https://docs.daily.co/reference/rest-api/rooms/create-room
 */
export interface RoomProperties {
  /** Epoch seconds. */
  exp: number;
  /**
   * Never false: it puts out whoever came in by a token that says nothing of its own. Ours all have
   * `eject_at_token_exp`, which for their holders takes the place of the room's; they expire when the session does.
   */
  eject_at_room_exp: true;
  max_participants: number;
  enable_prejoin_ui: boolean;
  enable_chat: boolean;
  start_video_off: boolean;
  start_audio_off: boolean;
}

/** What a caller may ask for. Anything else could cost money or open the room, so it is refused, not dropped. */
const AskedProperties = z.strictObject({
  exp: z.int().positive().optional(),
  eject_at_room_exp: z.literal(true).optional(),
  // The bot, the caller, and one more: a replaced bot whose ghost Daily has not yet noticed takes a place.
  max_participants: z.int().min(2).max(10).default(3),
  enable_prejoin_ui: z.boolean().default(false),
  enable_chat: z.boolean().default(false),
  start_video_off: z.boolean().default(true),
  start_audio_off: z.boolean().default(false),
});

/**
 * The caller's wishes over our defaults. `exp` may shorten the session but not lengthen it.
 * @param wishes `dailyRoomProperties` of a start request.
 * @throws ProblemError `invalid_request` with paths below `dailyRoomProperties`.
 */
export function roomProperties(
  wishes: Record<string, unknown>,
  { nowMs, maxMs }: { nowMs: number; maxMs: number },
): RoomProperties {
  const result = AskedProperties.safeParse(wishes);
  if (!result.success) {
    throw invalid(fieldErrors(result.error).map(({ path, message }) => ({ path: below(path), message })));
  }
  const latest = Math.floor((nowMs + maxMs) / 1_000);
  const exp = result.data.exp ?? latest;
  if (exp * 1_000 <= nowMs || exp > latest) {
    const message = `must be epoch seconds in the next ${Math.floor(maxMs / 1_000)} seconds`;
    throw invalid([{ path: below("exp"), message }]);
  }
  return { ...result.data, exp, eject_at_room_exp: true };
}

function below(path: string): string {
  return path === "" ? "dailyRoomProperties" : `dailyRoomProperties.${path}`;
}

function invalid(errors: { path: string; message: string }[]): ProblemError {
  return new ProblemError("invalid_request", describeFieldErrors(errors), { errors });
}
