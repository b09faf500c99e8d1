import { ProblemError } from "../../protocol/errors.ts";
import type { Claim } from "./record.ts";

interface Holding {
  sessionId: string;
  claims: readonly Claim[];
}

/**
 * Takes all that a session has to have, or nothing.
 * @throws ProblemError `too_many_sessions` or `conflict`, by which claim was refused.
 */
export async function takeClaims(env: Env, { sessionId, claims }: Holding): Promise<void> {
  const taken = await Promise.allSettled(
    claims.map(async ({ name, limit, expiresAt }) => {
      return env.CLAIMS.getByName(name).claim({ sessionId, expiresAt }, limit);
    }),
  );
  const problems = taken.flatMap((result, index) => {
    const claim = claims[index];
    if (result.status === "rejected") return [result.reason];
    return result.value.ok || !claim ? [] : [refusal(claim, result.value.freeAt)];
  });
  if (problems.length === 0) return;
  // Also those whose claiming broke, since it may have taken effect. What cannot be released expires.
  await Promise.allSettled(claims.map(({ name }) => releaseClaim(env, { sessionId, name })));
  throw problems[0];
}

export function releaseClaim(
  env: Env,
  { sessionId, name }: { sessionId: string; name: string },
): Promise<void> {
  return env.CLAIMS.getByName(name).release(sessionId);
}

function refusal({ of, limit }: Claim, freeAt: number): ProblemError {
  if (of === "room")
    return new ProblemError("conflict", "Another session is in this room. It has to end first.");
  const detail = `You have ${limit === 1 ? "a session" : `${limit} sessions`} already, which is the most. End one first.`;
  // By then one of them is over in any case.
  const retryAfterS = Math.max(1, Math.ceil((freeAt - Date.now()) / 1_000));
  return new ProblemError("too_many_sessions", detail, { retryAfterS });
}
