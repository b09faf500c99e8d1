import type { StartSignal } from "../../protocol/bot-host.ts";
import type { BotHost, HostStart, Wake } from "./bot-host.ts";
import { choose } from "./choose.ts";
import { KnownHosts } from "./known-hosts.ts";
import { distance, type Region } from "./regions.ts";

/** All of it, for one start: the caller waits for this, and the room is made meanwhile. */
export const HOST_BUDGET_MS = 3_000;
/**
 * Where the only place is on a host that has to wake first. Containers take some seconds for it, and waiting is
 * better than an error.
 */
export const WAKING_BUDGET_MS = 8_000;
/** One try. A host that is slower than this would not give a good call either. */
const TRY_MS = 1_800;
/** Hosts asked for one start. A full one says so at once; if so many do, asking on would only add load. */
export const MAX_ASKED = 16;

export type Dispatch =
  | { kind: "accepted"; hostId: string }
  /** No host took it. The one named may run a bot all the same: its answer never came. */
  | { kind: "none"; unsureHostId?: string };

interface DispatchOptions {
  /** Of the caller. */
  near: Region | undefined;
  /** Hosts to ask last. */
  avoid?: readonly string[];
  known?: KnownHosts;
  random?: () => number;
}

/** Of this isolate. A session's object shares it with those that happen to run beside it. */
const knownHosts = new KnownHosts();

/**
 * Has a host take the call. One that said no is passed over for another; one whose answer did not come is asked
 * once more, and then no other is, since another with the same attempt could give the call two bots.
 *
 * At most one host is woken for the call. While it wakes its neighbours are asked; then it is waited for, since some
 * seconds at the start are better than a call across the world. That is what is left when it does not wake. If there
 * is nothing left either, a second one is woken, for the next start: else one that never wakes would be all that
 * callers near it ever wait for.
 */
export async function dispatch(
  hosts: readonly BotHost[],
  signal: StartSignal,
  { near, avoid = [], known = knownHosts, random = Math.random }: DispatchOptions,
): Promise<Dispatch> {
  const startedAt = Date.now();
  const deadline = startedAt + HOST_BUDGET_MS;
  const wakingDeadline = startedAt + WAKING_BUDGET_MS;
  const search = new Search(hosts, { signal, near, avoid, known, random });

  const found = await search.ask(() => true, { deadline, wake: { kind: "begin" } });
  if (found?.kind !== "waking") return dispatched(found);
  const { host, mayRunBot } = found;
  if (mayRunBot) return dispatched((await search.await(host, wakingDeadline)) ?? { kind: "unsure", host });
  const reach = distance(near, host.region) + 1;
  const isNeighbour = ({ region }: BotHost) => distance(near, region) <= reach;
  const meanwhile = await search.ask(isNeighbour, { deadline, wake: { kind: "never" } });
  if (meanwhile) return dispatched(meanwhile);
  const woken = await search.await(host, wakingDeadline);
  if (woken) return dispatched(woken);
  const left = await search.ask(() => true, { deadline: wakingDeadline, wake: { kind: "never" } });
  return dispatched(left ?? (await search.wakeAnother(wakingDeadline)));
}

/** What ends the asking, if only for now. */
type Found =
  | { kind: "accepted"; host: BotHost }
  | { kind: "unsure"; host: BotHost }
  /** `mayRunBot`: an answer of it did not come before. A container whose object lost touch with it says this too. */
  | { kind: "waking"; host: BotHost; mayRunBot: boolean };

function dispatched(found: Found | undefined): Dispatch {
  if (found?.kind === "accepted") return { kind: "accepted", hostId: found.host.id };
  return found?.kind === "unsure" ? { kind: "none", unsureHostId: found.host.id } : { kind: "none" };
}

interface SearchOptions extends Required<DispatchOptions> {
  signal: StartSignal;
}

/** The hosts that are left to ask for one call. */
class Search {
  readonly #left: Set<BotHost>;
  readonly #options: SearchOptions;
  #asked = 0;
  /** The nearest of those that slept and were not to be woken. */
  #asleep: BotHost | undefined;

  constructor(hosts: readonly BotHost[], options: SearchOptions) {
    this.#left = new Set(hosts);
    this.#options = options;
  }

  /** Asks one after the other, until one takes the call, may have taken it, or is woken for it. */
  async ask(
    isWorth: (host: BotHost) => boolean,
    { deadline, wake }: { deadline: number; wake: Wake },
  ): Promise<Found | undefined> {
    const { near, avoid, known, random } = this.#options;
    while (this.#asked < MAX_ASKED && Date.now() < deadline) {
      const left = [...this.#left].filter(isWorth);
      const host = choose(left, { near, avoid, known: (hostId) => known.of(hostId), random });
      if (!host) return undefined;
      this.#left.delete(host);
      this.#asked += 1;
      const { kind, mayRunBot } = await this.#askTwice(host, { deadline, wake });
      if (kind === "accepted" || kind === "unsure") return { kind, host };
      // Another start may have woken it already; whoever may wake one need not wake a second.
      if (kind === "waking" && wake.kind === "begin") return { kind, host, mayRunBot };
      if (kind === "waking" && mayRunBot) return { kind: "unsure", host };
      if (kind === "asleep") this.#asleep ??= host;
    }
    return undefined;
  }

  /** A host that is waking. It holds the request until it is awake; then it has the time of a try for the call. */
  async await(host: BotHost, deadline: number): Promise<Found | undefined> {
    const timeoutMs = Math.max(deadline - Date.now(), TRY_MS);
    const kind = await this.#start(host, { timeoutMs, wake: { kind: "wait", ms: timeoutMs - TRY_MS } });
    return kind === "accepted" || kind === "unsure" ? { kind, host } : undefined;
  }

  /** One that sleeps, so that the next start finds it awake. Should it be awake by now, it takes this call. */
  async wakeAnother(deadline: number): Promise<Found | undefined> {
    const host = this.#asleep;
    const timeoutMs = Math.min(TRY_MS, deadline - Date.now());
    if (!host || timeoutMs <= 0) return undefined;
    const kind = await this.#start(host, { timeoutMs, wake: { kind: "begin" } });
    return kind === "accepted" || kind === "unsure" ? { kind, host } : undefined;
  }

  /** Once more if the first answer does not come. */
  async #askTwice(
    host: BotHost,
    { deadline, wake }: { deadline: number; wake: Wake },
  ): Promise<{ kind: HostStart["kind"]; mayRunBot: boolean }> {
    const timeoutMs = () => Math.min(TRY_MS, deadline - Date.now());
    const kind = await this.#start(host, { timeoutMs: timeoutMs(), wake });
    if (kind !== "unsure") return { kind, mayRunBot: false };
    if (timeoutMs() <= 0) return { kind, mayRunBot: true };
    const again = await this.#start(host, { timeoutMs: timeoutMs(), wake });
    return { kind: again, mayRunBot: again === "unsure" || again === "waking" };
  }

  async #start(host: BotHost, options: { timeoutMs: number; wake: Wake }): Promise<HostStart["kind"]> {
    const { signal, known } = this.#options;
    const outcome = await host.start(signal, options);
    known.note(host.id, outcome);
    return outcome.kind;
  }
}
