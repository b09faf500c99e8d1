import type { StartSignal } from "../../protocol/bot-host.ts";
import type { Settings } from "../settings.ts";
import type { BotHost } from "./bot-host.ts";
import { UrlBotHost } from "./url-bot-host.ts";

/** All of it, for one start: the caller waits for this, and the room is made meanwhile. */
export const HOST_BUDGET_MS = 3_000;
/** One try. A host that is slower than this would not give a good call either. */
const TRY_MS = 1_800;
const MAX_TRIES = 2;

export type Dispatch =
  | { kind: "accepted"; hostId: string }
  /** No host took it. The one named may run a bot all the same: its answer never came. */
  | { kind: "none"; unsureHostId?: string };

/** The hosts of the settings. */
export function botHosts(settings: Pick<Settings, "botHostUrls" | "signingKey">): BotHost[] {
  return settings.botHostUrls.map((url) => new UrlBotHost({ url, key: settings.signingKey }));
}

/**
 * Has a host take the call: one at random, and once more if that did not work. A host that said no is passed
 * over for another. One whose answer did not come is asked again, since another host with the same attempt
 * could give the call two bots.
 */
export async function dispatch(
  hosts: readonly BotHost[],
  signal: StartSignal,
  random: () => number = Math.random,
): Promise<Dispatch> {
  const deadline = Date.now() + HOST_BUDGET_MS;
  const pick = (from: readonly BotHost[]) => from[Math.floor(random() * from.length)];
  let host = pick(hosts);
  let unsureHostId: string | undefined;
  for (let tries = 1; host && tries <= MAX_TRIES; tries++) {
    const timeoutMs = Math.min(TRY_MS, deadline - Date.now());
    if (timeoutMs <= 0) break;
    const asked: BotHost = host;
    const outcome = await asked.start(signal, timeoutMs);
    if (outcome.kind === "accepted") return { kind: "accepted", hostId: asked.id };
    unsureHostId = outcome.kind === "unsure" ? asked.id : undefined;
    host = outcome.kind === "unsure" ? asked : pick(hosts.filter((other) => other !== asked));
  }
  return unsureHostId === undefined ? { kind: "none" } : { kind: "none", unsureHostId };
}
