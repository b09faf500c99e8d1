/**
 * Daily's documented limits (docs.daily.co, "Authentication", section "Rate limits"). Each counts by itself.
 * Those for starting recordings, streams and phone calls are left out, as are these calls.
 */
const LIMITS = {
  /** Most calls: 20 a second, or 100 in five seconds. */
  standard: { requests: 100, windowMs: 5_000 },
  /** `DELETE /rooms/:name`: about 2 a second, or 50 in thirty seconds. */
  deletion: { requests: 50, windowMs: 30_000 },
} as const;

export type LimitedKind = keyof typeof LIMITS;

/**
 * Whether Daily would still answer. A window that slides, since a bucket that fills while it is drained would let almost
 * twice as many through in the first window.
 */
export class RateLimits {
  #enabled: boolean;
  /** When the latest calls were let through, in milliseconds; never more than the limit's number of them. */
  readonly #admittedAtMs: Record<LimitedKind, number[]> = { standard: [], deletion: [] };

  constructor(enabled: boolean) {
    this.#enabled = enabled;
  }

  /** Forgets what was counted. */
  set(enabled: boolean): void {
    this.#enabled = enabled;
    this.#admittedAtMs.standard = [];
    this.#admittedAtMs.deletion = [];
  }

  /** False for a call that is over the limit, which does not count itself. */
  admit(kind: LimitedKind, nowMs: number): boolean {
    if (!this.#enabled) return true;
    const { requests, windowMs } = LIMITS[kind];
    const recent = this.#admittedAtMs[kind].filter((atMs) => atMs > nowMs - windowMs);
    const admitted = recent.length < requests;
    this.#admittedAtMs[kind] = admitted ? [...recent, nowMs] : recent;
    return admitted;
  }
}
