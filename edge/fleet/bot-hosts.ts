import type { Settings } from "../settings.ts";
import type { BotHost } from "./bot-host.ts";
import { ContainerBotHost } from "./container-bot-host.ts";
import type { ContainerPlace } from "./container-fleet.ts";
import { REGIONS } from "./regions.ts";
import { urlBotHost } from "./url-bot-host.ts";

type FleetSettings = Pick<Settings, "fleet" | "signingKey">;

/** The hosts that new calls may go to: those at addresses, or, where none is named, containers. */
export function botHosts({ fleet, signingKey }: FleetSettings): BotHost[] {
  const { addresses, containers } = fleet;
  if (addresses.length > 0 || !containers) {
    return addresses.map((address) => urlBotHost(address, signingKey));
  }
  return containers.regions.flatMap((region) =>
    Array.from(
      { length: containers.perRegion },
      (_, index) => new ContainerBotHost({ region, k: index + 1 }, containers, signingKey),
    ),
  );
}

/**
 * The host that a session's bot was sent to; `undefined` when it is no longer among the settings. A container is
 * found by its name alone: calls go on in one that takes no new ones any more, and have to be stopped there.
 */
export function findBotHost(settings: FleetSettings, hostId: string): BotHost | undefined {
  const { addresses, containers } = settings.fleet;
  const atAddress = addresses
    .map((address) => urlBotHost(address, settings.signingKey))
    .find(({ id }) => id === hostId);
  if (atAddress || !containers) return atAddress;
  const place = placeOf(hostId);
  return place && new ContainerBotHost(place, containers, settings.signingKey);
}

function placeOf(hostId: string): ContainerPlace | undefined {
  const [, name, k] = /^bot-([a-z]+)-(\d{1,2})$/.exec(hostId) ?? [];
  const region = REGIONS.find((known) => known === name);
  return region && k !== undefined ? { region, k: Number(k) } : undefined;
}
