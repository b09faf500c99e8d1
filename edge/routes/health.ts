import type { EdgeContext } from "../http/context.ts";
import { loadSettings, type Settings } from "../settings.ts";
import type { Health } from "./health-reply.ts";
import { failedLately } from "./recent-starts.ts";

/**
 * `GET /health`: always 200, and no call to anybody: settings, and how the latest starts went. `not_configured`
 * is a missing key. In development an emulator stands in for it, in production it degrades the service.
 */
export function health(c: EdgeContext): Response {
  const result = loadSettings(c.env);
  if (result.kind === "refused") {
    const checks = { daily: "not_configured", gemini: "not_configured", botHosts: "not_configured" } as const;
    return c.json({ status: "degraded", checks } satisfies Health);
  }
  return c.json(
    healthOf(result.settings, { daily: failedLately("daily"), botHosts: failedLately("botHosts") }),
  );
}

/** @param failing whether an upstream is known not to do its part */
export function healthOf(
  { daily, gemini, production, fleet }: Settings,
  failing: { daily: boolean; botHosts: boolean },
): Health {
  const hasHosts = fleet.addresses.length > 0 || fleet.containers !== undefined;
  const checks: Health["checks"] = {
    daily: failing.daily ? "degraded" : daily.emulated ? "not_configured" : "ok",
    gemini: gemini.configured ? "ok" : "not_configured",
    botHosts: !hasHosts ? "not_configured" : failing.botHosts ? "degraded" : "ok",
  };
  // Emulators stand in for Daily and Gemini in development; nothing does for a place where bots run.
  const isDegraded =
    !hasHosts ||
    Object.values(checks).some((check) => check === "degraded" || (production && check === "not_configured"));
  return { status: isDegraded ? "degraded" : "ok", checks };
}
