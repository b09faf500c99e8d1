import type { BotHost } from "./bot-host.ts";
import type { Known } from "./known-hosts.ts";
import { distance, type Region } from "./regions.ts";

/** Who is asked first: the less is known against it, the sooner. */
const RELUCTANCE: Record<Known["kind"], number> = { takes: 0, full: 1, troubled: 2, draining: 3 };

interface Situation {
  /** Of the caller. */
  near: Region | undefined;
  known(hostId: string): Known | undefined;
  /** Asked when nobody else is left: where a bot of this call was lost, another is likely to be. */
  avoid?: readonly string[];
  /** From 0 up to, and without, 1. */
  random(): number;
}

/**
 * The host to ask next. Those that may take a call come before those that said lately that they do not, and among
 * them those of the nearest region. Of what is left two are drawn, and the emptier one is it: nearly as even as
 * asking all of them, and it does not send every start of a moment to the one that was emptiest a moment ago.
 */
export function choose(
  hosts: readonly BotHost[],
  { near, known, avoid = [], random }: Situation,
): BotHost | undefined {
  let best: BotHost[] = [];
  let bestRank: readonly number[] | undefined;
  for (const host of hosts) {
    const about = known(host.id);
    const rank = [
      avoid.includes(host.id) ? 1 : 0,
      about ? RELUCTANCE[about.kind] : 0,
      distance(near, host.region),
      host.order,
    ];
    const order = bestRank ? compare(rank, bestRank) : -1;
    if (order > 0) continue;
    best = order < 0 ? [host] : [...best, host];
    bestRank = rank;
  }
  const [one, other] = draw(best, random);
  return one && other && fullness(known(other.id)) < fullness(known(one.id)) ? other : one;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** Two different ones, where there are two. */
function draw(hosts: readonly BotHost[], random: () => number): (BotHost | undefined)[] {
  const first = Math.floor(random() * hosts.length);
  if (hosts.length < 2) return [hosts[first]];
  const step = 1 + Math.floor(random() * (hosts.length - 1));
  return [hosts[first], hosts[(first + step) % hosts.length]];
}

/** The part of its places that is taken. A host of which nothing is known is worth asking: its answer tells. */
function fullness(about: Known | undefined): number {
  if (about?.kind !== "takes") return 0;
  return about.load.capacity === 0 ? 1 : about.load.active / about.load.capacity;
}
