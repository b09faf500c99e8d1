/** How much one message of the signalling may hold. No zod in here: the call machine runs this too. */

/** Daily's limit for an app message, in characters of its JSON. */
export const MAX_APP_MESSAGE_CHARS = 4096;
/** Daily's limit for a participant's user data, in characters of its JSON. */
export const MAX_USER_DATA_CHARS = 4096;
/** Daily's limit for the session data of a meeting (docs.daily.co, "setMeetingSessionData()"): 100 KB. */
export const MAX_SESSION_DATA_CHARS = 102_400;
/** Of a user and of a room. Daily documents none for a user's name; this is far above what people are called. */
export const MAX_NAME_CHARS = 256;

/** In characters. JSON.parse takes any depth, but JSON.stringify overflows the stack on some thousand levels. */
export function jsonLength(value: unknown): number {
  try {
    return (JSON.stringify(value) ?? "").length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
