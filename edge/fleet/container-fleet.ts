import { publicKeys, type SigningKey } from "../../protocol/signing.ts";
import { REGIONS, type Region } from "./regions.ts";

/** The objects that hold the containers, as far as they are used. */
export interface ContainerNamespace {
  getByName(
    name: string,
    options: { locationHint: Region },
  ): { fetch(url: string, init: RequestInit): Promise<Response> };
}

/** Bots in Cloudflare's containers. */
export interface ContainerFleet {
  namespace: ContainerNamespace;
  /** Where containers may be. */
  regions: readonly Region[];
  /** Containers of one region at a time. */
  perRegion: number;
  /** Calls of one container at a time. */
  capacity: number;
  /** What the bot runtime in a container reads of its environment. Secrets are among it. */
  environment: Record<string, string>;
}

/** One container of the fleet. */
export interface ContainerPlace {
  region: Region;
  /** From 1. The first is filled before the second is woken. */
  k: number;
}

/** `bot-weur-1`: the name of the object, and the id of the host. */
export function containerName({ region, k }: ContainerPlace): string {
  return `bot-${region}-${k}`;
}

/** The variables that a fleet is made of, as they were read. */
interface ContainerVariables {
  CONTAINER_REGIONS?: Region[] | undefined;
  MAX_CONTAINERS: number;
  BOT_CAPACITY: number;
  GOOGLE_API_KEY?: string | undefined;
  DAILY_API_KEY?: string | undefined;
  GEMINI_MODEL?: string | undefined;
  VAD_PRESET?: string | undefined;
  CLIENT_GRACE_MS?: number | undefined;
}

/** The binding of the containers' objects, which is there in a Worker that was deployed with containers. */
export function containersOf(env: object): ContainerNamespace | undefined {
  const { BOT_CONTAINERS } = env as { BOT_CONTAINERS?: ContainerNamespace }; // a binding is of the kind that wrangler.toml says
  return BOT_CONTAINERS;
}

/** The fleet of the settings; `undefined` where the Worker was deployed without containers. */
export function containerFleet(
  variables: ContainerVariables,
  given: { namespace: ContainerNamespace | undefined; signingKey: SigningKey; production: boolean },
): ContainerFleet | undefined {
  if (!given.namespace) return undefined;
  const environment = {
    APP_ENV: given.production ? "production" : "development",
    GOOGLE_API_KEY: variables.GOOGLE_API_KEY,
    // Whether it is there is all that matters to a bot runtime: the key itself stays here.
    DAILY_API_KEY: variables.DAILY_API_KEY && "known-to-the-edge",
    EDGE_JWKS: JSON.stringify(publicKeys(given.signingKey)),
    BOT_CAPACITY: String(variables.BOT_CAPACITY),
    GEMINI_MODEL: variables.GEMINI_MODEL,
    VAD_PRESET: variables.VAD_PRESET,
    CLIENT_GRACE_MS: variables.CLIENT_GRACE_MS?.toString(),
  };
  return {
    namespace: given.namespace,
    regions: [...new Set(variables.CONTAINER_REGIONS ?? REGIONS)],
    perRegion: variables.MAX_CONTAINERS,
    capacity: variables.BOT_CAPACITY,
    environment: Object.fromEntries(
      Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  };
}
