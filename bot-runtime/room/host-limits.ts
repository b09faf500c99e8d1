/** A page is opened ahead of need so long after the need arose: it should not slow the call down that caused it. */
export const SPARE_AFTER_MS = 2_000;
/** After a page that nobody waits for could not be opened. */
export const SPARE_RETRY_MS = 30_000;
/** A browser is looked at when it has been without a call for so long: it gives memory back only after a while. */
export const IDLE_AFTER_MS = 5_000;
/** How often a browser is asked whether it is there. */
export const PULSE_EVERY_MS = 5_000;
