import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, vi } from "vitest";

/** For a file of tests: jumps in time, and has the session's alarm see it. `false`: it had no alarm. */
export function usePassingTime(): (sessionId: string, ms: number) => Promise<boolean> {
  afterEach(() => {
    vi.useRealTimers();
  });
  return (sessionId, ms) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
    return runDurableObjectAlarm(env.SESSIONS.getByName(sessionId));
  };
}
