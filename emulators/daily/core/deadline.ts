/** The longest delay that setTimeout takes (2^31 - 1 ms, 24.8 days); above it fires at once. */
const MAX_DELAY_MS = 2_147_483_647;

/**
 * Calls back once at a time of day, however far away, in milliseconds since the epoch; at once if that is past.
 * Disposing cancels it. Without the steps a room that lives longer than 24.8 days would end immediately.
 */
export function at(timeMs: number, callback: () => void): Disposable {
  let timer: ReturnType<typeof setTimeout>;
  const arm = () => {
    const delayMs = Math.max(0, timeMs - Date.now());
    timer = delayMs > MAX_DELAY_MS ? setTimeout(arm, MAX_DELAY_MS) : setTimeout(callback, delayMs);
  };
  arm();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
