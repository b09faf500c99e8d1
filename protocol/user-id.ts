/**
 * The `user_id`s of the participants of a session's room: by them a participant is known to be a bot or a client,
 * and is ejected. A caller's is the id that it gave itself, so it must not look like a bot's.
 */

/** Daily takes no longer one. */
export const MAX_USER_ID_CHARS = 36;

/** It names the attempt, so that a bot that was replaced can be ejected alone. */
export function botUserId(attempt: number): string {
  return `bot-${attempt}`;
}

/** Whether a participant is a bot of ours, of whichever attempt. */
export function isBotUserId(userId: string): boolean {
  return /^bot-\d+$/.test(userId);
}
