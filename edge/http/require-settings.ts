import { createMiddleware } from "hono/factory";
import { ProblemError } from "../../protocol/errors.ts";
import { loadSettings } from "../settings.ts";
import type { EdgeEnv } from "./context.ts";

/** Nothing behind this runs with settings that are wrong. The answer names the setting, never its value. */
export const requireSettings = createMiddleware<EdgeEnv>(async (c, next) => {
  const result = loadSettings(c.env);
  if (result.kind === "refused") throw new ProblemError("misconfigured", result.problems.join(" "));
  c.set("settings", result.settings);
  await next();
});
