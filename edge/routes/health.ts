import type { EdgeContext } from "../http/context.ts";
import { loadSettings } from "../settings.ts";
import { failedLately } from "./recent-starts.ts";

type Check = "ok" | "degraded" | "not_configured";

interface Health {
  status: "ok" | "degraded";
  checks: { daily: Check; gemini: Check; botHosts: Check };
}

/**
 * `GET /health`: always 200, and no call to anybody: settings, and how the latest starts went. `not_configured`
 * is a missing key. In development an emulator stands in for it, in production it degrades the service.
 */
export function health(c: EdgeContext): Response {
  const result = loadSettings(c.env);
  if (result.kind === "refused") {
    const checks = { daily: "not_configured", gemini: "not_configured", botHosts: "not_configured" } as const;
    return answer(c, { status: "degraded", checks });
  }
  const { daily, gemini, production } = result.settings;
  const checks: Health["checks"] = {
    daily: failedLately("daily") ? "degraded" : daily.emulated ? "not_configured" : "ok",
    gemini: gemini.configured ? "ok" : "not_configured",
    botHosts: failedLately("botHosts") ? "degraded" : "ok",
  };
  const isDegraded = Object.values(checks).some(
    (check) => check === "degraded" || (production && check === "not_configured"),
  );
  return answer(c, { status: isDegraded ? "degraded" : "ok", checks });
}

function answer(c: EdgeContext, body: Health): Response {
  return c.json(body, 200, { "cache-control": "no-store" });
}
