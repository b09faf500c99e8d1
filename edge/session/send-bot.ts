import type { Takeover } from "../../protocol/takeover.ts";
import { dailyAccount } from "../daily/account.ts";
import { botHosts } from "../fleet/bot-hosts.ts";
import { dispatch } from "../fleet/dispatch.ts";
import type { SettingsResult } from "../settings.ts";
import type { Bot, SessionRecord } from "./record.ts";
import { type SignalParts, startSignal } from "./signal.ts";
import type { Brief, SessionStore } from "./store.ts";

/** What became of the search for a host. */
export type Sent =
  | { kind: "dispatched"; hostId: string }
  | { kind: "dispatch-failed"; unsureHostId: string | undefined };

const NOWHERE: Sent = { kind: "dispatch-failed", unsureHostId: undefined };

/** What a bot that takes over is told of the conversation so far. */
export function takeoverOf(
  { handle, client, timeline }: SessionRecord,
  { how, told }: Bot,
  store: Pick<SessionStore, "conversation">,
): Takeover {
  // A bot that says no more than the mark has answered its client as well.
  const ready = client ?? (timeline.clientReady === undefined ? undefined : {});
  return {
    how: how ?? "recovery",
    ...(handle === undefined ? {} : { handle }),
    conversation: store.conversation({ from: 0, before: told }),
    ...(ready === undefined ? {} : { client: ready }),
  };
}

/** Has a host take one more attempt of a session that has begun; hosts to avoid are asked last, and one not at all. */
export async function sendBot(
  {
    brief,
    avoid,
    except,
    ...parts
  }: Omit<SignalParts, "brief"> & {
    brief: Brief | undefined;
    avoid: readonly string[];
    except: string | undefined;
  },
  loaded: SettingsResult,
): Promise<Sent> {
  if (loaded.kind === "refused" || !brief) return NOWHERE;
  const { settings } = loaded;
  const account = await dailyAccount(settings.daily);
  if (!account.ok) return NOWHERE;
  const signal = await startSignal({ ...parts, brief }, { account: account.value, settings });
  if (!signal.ok) return NOWHERE;
  const hosts = botHosts(settings).filter(({ id }) => id !== except);
  const found = await dispatch(hosts, signal.value, { near: brief.near, avoid });
  return found.kind === "accepted"
    ? { kind: "dispatched", hostId: found.hostId }
    : { kind: "dispatch-failed", unsureHostId: found.unsureHostId };
}
