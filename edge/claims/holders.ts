/** A session that holds a claim. */
export interface Holder {
  sessionId: string;
  /** Epoch milliseconds. A session that never lets go, because its object or a release was lost, holds no longer. */
  expiresAt: number;
}

export type ClaimOutcome =
  | { ok: true }
  /** As many hold it as may. @property freeAt when the first of them has to be over, in epoch milliseconds. */
  | { ok: false; freeAt: number };

/** Those who still hold it. */
export function living(holders: readonly Holder[], now: number): Holder[] {
  return holders.filter(({ expiresAt }) => expiresAt > now);
}

/** Lets one more session hold it, if there is room. Idempotent: who holds it already keeps it, with the new expiry. */
export function claim(
  holders: readonly Holder[],
  { holder, limit, now }: { holder: Holder; limit: number; now: number },
): { holders: Holder[]; outcome: ClaimOutcome } {
  const present = living(holders, now);
  const others = present.filter(({ sessionId }) => sessionId !== holder.sessionId);
  // A limit that was lowered takes nothing from those who have it.
  if (others.length === present.length && others.length >= limit) {
    return {
      holders: present,
      outcome: { ok: false, freeAt: Math.min(...present.map(({ expiresAt }) => expiresAt)) },
    };
  }
  return { holders: [...others, holder], outcome: { ok: true } };
}

/** Idempotent: who does not hold it, or no longer, lets go of nothing. */
export function release(
  holders: readonly Holder[],
  { sessionId, now }: { sessionId: string; now: number },
): Holder[] {
  return living(holders, now).filter((holder) => holder.sessionId !== sessionId);
}
