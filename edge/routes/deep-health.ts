import { every } from "hono/combine";
import { createMiddleware } from "hono/factory";
import { ProblemError } from "../../protocol/errors.ts";
import { authenticate } from "../callers/authenticate.ts";
import { DailyApi } from "../daily/daily-api.ts";
import type { BotHost } from "../fleet/bot-host.ts";
import { botHosts } from "../fleet/bot-hosts.ts";
import type { EdgeContext, EdgeEnv } from "../http/context.ts";
import { requireSettings } from "../http/require-settings.ts";
import { healthOf } from "./health.ts";
import type { AskedHost, DeepHealth } from "./health-reply.ts";

/** A read of Daily and of a host. Slower than this is ill, even if it came in the end. */
const DAILY_BUDGET_MS = 3_000;
const HOST_BUDGET_MS = 2_000;

/**
 * `GET /health?deep=1`: asks Daily and every bot host. It costs calls and names the hosts, so in production it is for
 * operators. Without `deep` the request goes on to the cheap `/health`.
 */
export const deepHealth = createMiddleware<EdgeEnv>((c, next) =>
  c.req.query("deep") === "1" ? asked(c, next) : next(),
);

const asked = every(requireSettings, authenticate, answer);

async function answer(c: EdgeContext): Promise<Response> {
  const settings = c.get("settings");
  if (settings.production) requireOperator(c);
  const [daily, hosts] = await Promise.all([
    timed(() => new DailyApi(settings.daily).domainInfo(DAILY_BUDGET_MS)),
    Promise.all(botHosts(settings).map(askHost)),
  ]);
  const failing = {
    daily: !daily.value.ok,
    botHosts: hosts.some(({ status, draining }) => status !== "ok" || draining === true),
  };
  const reply: DeepHealth = {
    ...healthOf(settings, failing),
    asked: {
      daily: { ms: daily.ms, ...(daily.value.ok ? {} : { failure: daily.value.failure.kind }) },
      botHosts: hosts,
    },
  };
  return c.json(reply);
}

function requireOperator(c: EdgeContext): void {
  const { kind } = c.get("caller");
  if (kind === "operator") return;
  if (kind === "anonymous") throw new ProblemError("unauthorized", "An operator's token is needed here.");
  throw new ProblemError("forbidden", "Only operators may ask for this.");
}

async function askHost(host: BotHost): Promise<AskedHost> {
  const { ms, value } = await timed(() => host.health(HOST_BUDGET_MS));
  return value.kind === "answered"
    ? { id: host.id, ms, ...value.health }
    : { id: host.id, ms, status: "unreachable" };
}

async function timed<Value>(work: () => Promise<Value>): Promise<{ ms: number; value: Value }> {
  const startedAt = Date.now();
  const value = await work();
  return { ms: Date.now() - startedAt, value };
}
