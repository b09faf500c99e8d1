export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal that aborts after a while, unless the work it bounds is over before: `using deadline = abortAfter(…)`.
 * Made of a timer rather than `AbortSignal.timeout`, which cannot be taken back (nor steered by a test).
 */
export function abortAfter(ms: number): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException("took too long", "TimeoutError")), ms);
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
