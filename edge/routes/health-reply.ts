import { z } from "zod";
import { HostLoad } from "../../protocol/bot-host.ts";

const Check = z.enum(["ok", "degraded", "not_configured"]);

/** Reply of `GET /health`. */
export const Health = z.object({
  status: z.enum(["ok", "degraded"]),
  checks: z.object({ daily: Check, gemini: Check, botHosts: Check }),
});
export type Health = z.infer<typeof Health>;

const AskedHost = z.object({
  id: z.string(),
  /** `unreachable`: it did not answer in time, or not as a bot host does. */
  status: z.enum(["ok", "degraded", "down", "unreachable"]),
  ms: z.number().nonnegative(),
  draining: z.boolean().optional(),
  ...HostLoad.partial().shape,
});
export type AskedHost = z.infer<typeof AskedHost>;

/** Reply of `GET /health?deep=1`: what Daily and the hosts said just now. */
export const DeepHealth = Health.extend({
  asked: z.object({
    /** `failure` is what kind of failure it was, where it failed. */
    daily: z.object({ ms: z.number().nonnegative(), failure: z.string().optional() }),
    botHosts: z.array(AskedHost),
  }),
});
export type DeepHealth = z.infer<typeof DeepHealth>;
