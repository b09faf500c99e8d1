import { z } from "zod";
import { ProblemError } from "../../protocol/errors.ts";
import { describeFieldErrors, fieldErrors } from "../../protocol/parse.ts";
import { userId, userName } from "../../protocol/session.ts";

/** What a caller may wish for its own token, beside its name. */
export interface TokenWishes {
  /** It may send video beside audio. */
  video: boolean;
  /** Epoch seconds. */
  exp: number | undefined;
  startVideoOff: boolean | undefined;
  startAudioOff: boolean | undefined;
}

/** The wishes of a caller who says nothing. */
export const NO_WISHES: TokenWishes = {
  video: false,
  exp: undefined,
  startVideoOff: undefined,
  startAudioOff: undefined,
};

const FIELD = "dailyMeetingTokenProperties";

/**
 * What `dailyMeetingTokenProperties` may say, by Daily's names (`POST /meeting-tokens`). Anything else could make an
 * owner of the caller, open another room, or cost money, so it is refused and not dropped.
 */
const AskedProperties = z.strictObject({
  user_id: userId.optional(),
  user_name: userName.optional(),
  exp: z.int().positive().optional(),
  start_video_off: z.boolean().optional(),
  start_audio_off: z.boolean().optional(),
  permissions: z
    .strictObject({
      hasPresence: z.literal(true).optional(),
      canSend: z
        .array(z.enum(["audio", "video"]))
        .max(2)
        .refine((media) => media.includes("audio"), { message: "must have audio in it" })
        .optional(),
    })
    .optional(),
  // What they are anyway: said aloud, they change nothing.
  is_owner: z.literal(false).optional(),
  eject_at_token_exp: z.literal(true).optional(),
});

/**
 * @param asked `dailyMeetingTokenProperties` of a start request.
 * @throws ProblemError `invalid_request` with paths below that field.
 */
export function tokenWishes(
  asked: Record<string, unknown>,
  { nowMs }: { nowMs: number },
): { wishes: TokenWishes; user: { id?: string; name?: string } } {
  const result = AskedProperties.safeParse(asked);
  if (!result.success) {
    const errors = fieldErrors(result.error).map(({ path, message }) => ({
      path: path === "" ? FIELD : `${FIELD}.${path}`,
      message,
    }));
    throw new ProblemError("invalid_request", describeFieldErrors(errors), { errors });
  }
  const { user_id: id, user_name: name, exp, permissions, ...given } = result.data;
  if (exp !== undefined && exp * 1_000 <= nowMs) {
    const errors = [{ path: `${FIELD}.exp`, message: "must be epoch seconds in the future" }];
    throw new ProblemError("invalid_request", describeFieldErrors(errors), { errors });
  }
  return {
    wishes: {
      video: permissions?.canSend?.includes("video") ?? false,
      exp,
      startVideoOff: given.start_video_off,
      startAudioOff: given.start_audio_off,
    },
    user: { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) },
  };
}
