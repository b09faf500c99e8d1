import { z } from "zod";
import { DEV_PORTS, DEV_SIGNING_KEY, EMULATED_DAILY } from "../protocol/development.ts";
import { LANGUAGE_TAGS, type Language } from "../protocol/languages.ts";
import { describeFieldErrors, fieldErrors } from "../protocol/parse.ts";
import { SigningKey } from "../protocol/signing.ts";
import { ACCESS_VARIABLES, type Access, accessOf } from "./callers/access.ts";
import { BotAddress, namesNoneTwice } from "./fleet/bot-address.ts";
import {
  type ContainerFleet,
  type ContainerNamespace,
  containerFleet,
  containersOf,
} from "./fleet/container-fleet.ts";
import { MAX_ASKED } from "./fleet/dispatch.ts";
import { REGIONS } from "./fleet/regions.ts";
import { builtFor } from "./generated/built-for.ts";
import { log } from "./log-events.ts";

/** What the edge must know of the Daily account that it makes rooms in. */
export interface DailySettings {
  emulated: boolean;
  /** With the version and without a trailing slash, such as `https://api.daily.co/v1`. */
  apiUrl: string;
  apiKey: string;
  /** `<domainName>.daily.co`. Asked of Daily when it is not set. */
  domainName: string | undefined;
  /** Claim `d` of every meeting token. Asked of Daily when it is not set. */
  domainId: string | undefined;
  /** Where daily-js must load its call machine from, if not from Daily. */
  callMachineUrl: string | undefined;
  sampleRoomUrl: string | undefined;
  /** Who signs meeting tokens: we, with the API key, which costs no call, or Daily, asked for each. */
  tokenMode: "self" | "api";
}

/** Where bots run. With neither, no call can be taken; everything else works. */
export interface Fleet {
  /** Where there are any, new calls go to them alone. */
  addresses: BotAddress[];
  /** There where the Worker was deployed with containers. */
  containers: ContainerFleet | undefined;
}

export interface Settings {
  production: boolean;
  /** Without a trailing slash. Every link we hand out starts with it; the Host header is the caller's word. */
  publicUrl: string;
  daily: DailySettings;
  gemini: { configured: boolean };
  fleet: Fleet;
  signingKey: SigningKey;
  botName: string;
  defaultLanguage: Language;
  /** Gemini's name of a voice; the language's own when there is none. */
  defaultVoice: string | undefined;
  allowedOrigins: ReadonlySet<string>;
  access: Access;
  /** Live sessions of one subject at a time. */
  maxSessionsPerUser: number;
  sessionMaxMs: number;
  linkGraceMs: number;
  /** A bot of which nothing is heard for so long, not even a ping, is lost. */
  silentMs: number;
}

export type SettingsResult =
  | { kind: "valid"; settings: Settings }
  /** Sentences, each naming the setting and what is wrong with it. */
  | { kind: "refused"; problems: string[] };

const HOUR_MS = 3_600_000;
const DAILY_API_URL = "https://api.daily.co/v1";
const EMULATOR_API_URL = `http://localhost:${DEV_PORTS.daily}/v1`;

const httpUrl = z
  .url({ protocol: /^https?$/, error: "must be an http or https address" })
  .transform(withoutSlash);
const list = <Item extends z.ZodType<unknown, string>>(item: Item) =>
  z
    .string()
    .transform((text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .pipe(z.array(item).max(32));
const origin = z
  .string()
  .refine((text) => isOrigin(text), {
    error: "each must be an origin such as https://app.example.com, without a path",
  })
  // As browsers send it.
  .toLowerCase();
const whole = (min: number, max: number, sentence = "must be a whole number") =>
  z.string().regex(/^\d+$/, sentence).transform(Number).pipe(z.int().min(min).max(max));
const milliseconds = (min: number, max: number) => whole(min, max, "must be a whole number of milliseconds");

/** The variables as text, before we know what their absence means. */
const Variables = z.object({
  APP_ENV: z.enum(["development", "production"]).optional(),
  PUBLIC_URL: httpUrl.optional(),
  DAILY_API_KEY: z.string().max(256).optional(),
  DAILY_API_URL: httpUrl.optional(),
  DAILY_DOMAIN: z
    .string()
    .regex(/^[a-z0-9-]+$/i, "must be the name alone, without .daily.co")
    .optional(),
  DAILY_DOMAIN_ID: z.string().max(64).optional(),
  DAILY_SAMPLE_ROOM_URL: httpUrl.optional(),
  DAILY_TOKEN_MODE: z.enum(["self", "api"]).default("self"),
  DAILY_CALL_MACHINE_URL: httpUrl.optional(),
  BOT_RUNTIME_URL: list(BotAddress).refine(namesNoneTwice, { error: "names one address twice" }).optional(),
  CONTAINER_REGIONS: list(z.enum(REGIONS))
    .refine((regions) => regions.length > 0, { error: "holds no region" })
    .optional(),
  // A start would never reach those beyond that.
  MAX_CONTAINERS: whole(1, MAX_ASKED).default(2),
  // For the bot runtimes in containers, which have no other environment than the one that the edge gives them.
  BOT_CAPACITY: whole(1, 64).default(8),
  GEMINI_MODEL: z.string().max(128).optional(),
  VAD_PRESET: z.enum(["measured", "pipecat"]).optional(),
  CLIENT_GRACE_MS: milliseconds(0, 600_000).optional(),
  EDGE_SIGNING_KEY: SigningKey.optional(),
  GOOGLE_API_KEY: z.string().optional(),
  BOT_NAME: z.string().max(64).default("Chat-VRD"),
  DEFAULT_LANGUAGE: z.enum(LANGUAGE_TAGS).default("en-US"),
  DEFAULT_VOICE: z.string().max(64).optional(),
  ALLOWED_ORIGINS: list(origin).default([]),
  ...ACCESS_VARIABLES,
  MAX_SESSIONS_PER_USER: whole(1, 1_000).default(3),
  SESSION_MAX_MS: milliseconds(10_000, 24 * HOUR_MS).default(HOUR_MS),
  LINK_GRACE_MS: milliseconds(100, 60_000).default(3_000),
  // Bots ping every 10 s.
  SILENT_MS: milliseconds(15_000, 600_000).default(30_000),
});
type Variables = z.output<typeof Variables>;

/** Every variable that the edge reads. */
export const SETTING_NAMES = Object.keys(Variables.shape);

const cache = new WeakMap<object, SettingsResult>();

/**
 * The settings of this Worker, read once per isolate. A `.env` line without a value counts as absent.
 * Problems are logged the first time.
 */
export function loadSettings(env: object): SettingsResult {
  const known = cache.get(env);
  if (known) return known;
  const result = readSettings(env);
  if (result.kind === "refused")
    log({ event: "settings.refused", level: "error", problems: result.problems });
  cache.set(env, result);
  return result;
}

/** {@link loadSettings} without its memory. */
export function readSettings(env: object, build: "dev" | "deploy" = builtFor): SettingsResult {
  const given = Object.entries(env).filter(([, value]) => typeof value === "string" && value.trim() !== "");
  const parsed = Variables.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    return {
      kind: "refused",
      problems: fieldErrors(parsed.error).map((error) => describeFieldErrors([error])),
    };
  }
  const variables = parsed.data;
  // Only a build made by `wrangler dev` may default to development: whatever is deployed is production.
  const mode = variables.APP_ENV ?? (build === "dev" ? "development" : "production");
  const containers = containersOf(env);
  return mode === "production"
    ? productionSettings(variables, containers)
    : developmentSettings(variables, containers);
}

function developmentSettings(
  variables: Variables,
  containers: ContainerNamespace | undefined,
): SettingsResult {
  const daily = dailySettings(variables);
  if (!daily.emulated && daily.apiKey === EMULATED_DAILY.apiKey) {
    return { kind: "refused", problems: ["DAILY_API_URL is Daily's own, which needs a DAILY_API_KEY."] };
  }
  const { access, problems } = accessOf(variables, { production: false });
  if (problems.length > 0) return { kind: "refused", problems };
  const signingKey = variables.EDGE_SIGNING_KEY ?? DEV_SIGNING_KEY;
  const local: BotAddress = { url: `http://localhost:${DEV_PORTS.botRuntime}`, region: undefined };
  return {
    kind: "valid",
    settings: {
      ...commonSettings(variables),
      access,
      production: false,
      publicUrl: variables.PUBLIC_URL ?? `http://localhost:${DEV_PORTS.edge}`,
      daily,
      fleet: {
        addresses: variables.BOT_RUNTIME_URL ?? (containers ? [] : [local]),
        containers: containerFleet(variables, { namespace: containers, signingKey, production: false }),
      },
      signingKey,
    },
  };
}

function productionSettings(
  variables: Variables,
  containers: ContainerNamespace | undefined,
): SettingsResult {
  const problems: string[] = [];
  const need = <Value>(name: keyof Variables, value: Value | undefined, what: string): Value | undefined => {
    if (value === undefined) problems.push(`${name} is missing: ${what}.`);
    return value;
  };
  const refuseIf = (isWrong: boolean, sentence: string) => {
    if (isWrong) problems.push(sentence);
  };

  const publicUrl = need("PUBLIC_URL", variables.PUBLIC_URL, "the address that clients and bots reach us at");
  const apiKey = need("DAILY_API_KEY", variables.DAILY_API_KEY, "rooms and tokens are made with it");
  const addresses = variables.BOT_RUNTIME_URL ?? (containers ? [] : undefined);
  need("BOT_RUNTIME_URL", addresses, "where bots run, unless the Worker is deployed with containers");
  const signingKey = need("EDGE_SIGNING_KEY", variables.EDGE_SIGNING_KEY, "bots trust only what it signs");

  const insecure = (url: string) => !url.startsWith("https://");
  refuseIf(publicUrl !== undefined && insecure(publicUrl), "PUBLIC_URL must be https in production.");
  refuseIf(apiKey === EMULATED_DAILY.apiKey, "DAILY_API_KEY is the emulator's; production needs a real one.");
  refuseIf(
    variables.DAILY_API_URL !== undefined && !isDailyUrl(variables.DAILY_API_URL),
    "DAILY_API_URL is not Daily's; an emulator is for development only.",
  );
  refuseIf(
    variables.DAILY_CALL_MACHINE_URL !== undefined,
    "DAILY_CALL_MACHINE_URL is set; an emulated call machine is for development only.",
  );
  refuseIf(variables.BOT_RUNTIME_URL?.length === 0, "BOT_RUNTIME_URL holds no address.");
  refuseIf(
    addresses?.some(({ url }) => insecure(url)) ?? false,
    "BOT_RUNTIME_URL must be https in production.",
  );
  refuseIf(
    containers !== undefined && addresses?.length === 0 && variables.GOOGLE_API_KEY === undefined,
    "GOOGLE_API_KEY is missing: the bots in containers get it from here.",
  );
  refuseIf(
    signingKey?.x === DEV_SIGNING_KEY.x,
    "EDGE_SIGNING_KEY is the development key, which is public; make one of your own.",
  );
  const { access, problems: ofAccess } = accessOf(variables, { production: true });
  problems.push(...ofAccess);
  if (problems.length > 0 || !publicUrl || !apiKey || !addresses || !signingKey)
    return { kind: "refused", problems };

  return {
    kind: "valid",
    settings: {
      ...commonSettings(variables),
      access,
      production: true,
      publicUrl,
      daily: dailySettings(variables),
      fleet: {
        addresses,
        containers: containerFleet(variables, { namespace: containers, signingKey, production: true }),
      },
      signingKey,
    },
  };
}

function commonSettings(variables: Variables) {
  return {
    gemini: { configured: variables.GOOGLE_API_KEY !== undefined },
    botName: variables.BOT_NAME,
    defaultLanguage: variables.DEFAULT_LANGUAGE,
    defaultVoice: variables.DEFAULT_VOICE,
    allowedOrigins: new Set(variables.ALLOWED_ORIGINS),
    maxSessionsPerUser: variables.MAX_SESSIONS_PER_USER,
    sessionMaxMs: variables.SESSION_MAX_MS,
    linkGraceMs: variables.LINK_GRACE_MS,
    silentMs: variables.SILENT_MS,
  };
}

/** The emulator unless there is a key of a real account, or an address that says otherwise. */
function dailySettings(variables: Variables): DailySettings {
  const apiKey = variables.DAILY_API_KEY ?? EMULATED_DAILY.apiKey;
  const usual = apiKey === EMULATED_DAILY.apiKey ? EMULATOR_API_URL : DAILY_API_URL;
  const apiUrl = variables.DAILY_API_URL ?? usual;
  const emulated = !isDailyUrl(apiUrl);
  const callMachineUrl = emulated ? `${new URL(apiUrl).origin}/call-machine` : undefined;
  return {
    emulated,
    apiUrl,
    apiKey,
    domainName: emulated ? EMULATED_DAILY.domainName : variables.DAILY_DOMAIN,
    domainId: emulated ? EMULATED_DAILY.domainId : variables.DAILY_DOMAIN_ID,
    callMachineUrl: variables.DAILY_CALL_MACHINE_URL ?? callMachineUrl,
    sampleRoomUrl: variables.DAILY_SAMPLE_ROOM_URL,
    tokenMode: variables.DAILY_TOKEN_MODE,
  };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text.toLowerCase();
}

function isDailyUrl(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" && (hostname === "daily.co" || hostname.endsWith(".daily.co"));
}
