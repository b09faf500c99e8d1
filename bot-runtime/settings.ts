import { z } from "zod";
import { DEV_PORTS, DEV_SIGNING_KEY, EMULATED_GEMINI_KEY } from "../protocol/development.ts";
import { describeFieldErrors, fieldErrors } from "../protocol/parse.ts";
import { publicKeys, TrustedKeys } from "../protocol/signing.ts";
import { readSystemPrompt } from "./persona/system-prompt-file.ts";
import type { VadPreset } from "./vad/presets.ts";

/** What this program reads of its environment. An empty variable counts as absent. */
const Environment = z.object({
  APP_ENV: z.enum(["development", "production"]).default("production"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(DEV_PORTS.botRuntime),
  HOST: z.string().optional(),
  GOOGLE_API_KEY: z.string().optional(),
  /** Both together: Vertex AI, with the machine's own account, in place of the Gemini API. */
  GOOGLE_REGION: z.string().optional(),
  GOOGLE_CLOUD_PROJECT: z.string().optional(),
  GEMINI_BASE_URL: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).optional(),
  GEMINI_MODEL: z.string().default("gemini-3.8-live"),
  EDGE_JWKS: TrustedKeys.optional(),
  /** Only whether it is there matters: with it, calls are on the real Daily. */
  DAILY_API_KEY: z.string().optional(),
  DAILY_CALL_MACHINE_URL: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).optional(),
  CHROMIUM_PATH: z.string().optional(),
  CHROMIUM_SANDBOX: z.enum(["on", "off"]).default("on"),
  BOT_CAPACITY: z.coerce.number().int().min(1).max(64).default(8),
  /** A page's crash interrupts all its calls, and one audio thread does the work of all: so not more. */
  CALLS_PER_PAGE: z.coerce.number().int().min(1).max(64).default(8),
  SPARE_PAGE: z.enum(["on", "off"]).default("on"),
  PAGE_MAX_CALLS: z.coerce.number().int().min(1).max(1_000_000).default(500),
  BROWSER_MAX_CALLS: z.coerce.number().int().min(1).max(1_000_000).default(5_000),
  BROWSER_MAX_MB: z.coerce.number().int().min(100).max(1_000_000).default(600),
  MAX_LOOP_LAG_MS: z.coerce.number().int().min(0).max(60_000).default(200),
  DRAIN_MS: z.coerce.number().int().min(0).max(3_600_000).optional(),
  DEFAULT_VOICE: z.string().max(64).optional(),
  SYSTEM_PROMPT_FILE: z.string().optional(),
  VAD_PRESET: z.enum(["measured", "pipecat"]).default("measured"),
  CLIENT_GRACE_MS: z.coerce.number().int().min(0).max(600_000).default(45_000),
});
type Environment = z.output<typeof Environment>;

/** The variables that are read; all of them stand in `.env.example`. */
export const SETTING_NAMES = Object.keys(Environment.shape);

/** For calls to end by themselves when the host is told to go. Nobody waits for that in development. */
const DRAIN_MS = { production: 10_000, development: 0 };

export interface GeminiSettings {
  emulated: boolean;
  apiKey: string;
  /** Vertex AI is meant, and the key does not matter. */
  vertex?: { project: string; location: string };
  baseUrl?: string;
  model: string;
}

export interface Settings {
  appEnv: "development" | "production";
  port: number;
  host: string;
  gemini: GeminiSettings;
  daily: { emulated: boolean; callMachineUrl?: string };
  trustedKeys: TrustedKeys;
  chromiumPath?: string;
  chromiumSandbox: boolean;
  capacity: number;
  callsPerPage: number;
  /** Whether an empty page is kept beside those with calls. */
  sparePage: boolean;
  /** A page takes no more calls than that in its life, nor does a browser. */
  pageMaxCalls: number;
  browserMaxCalls: number;
  /** An idle browser that holds more is replaced. */
  browserMaxMb: number;
  /** 0: calls are taken however late the event loop is. */
  maxLoopLagMs: number;
  drainMs: number;
  defaultVoice?: string;
  /** The text of the file. */
  systemPrompt?: string;
  vadPreset: VadPreset;
  clientGraceMs: number;
}

/** A setting is wrong; the message says which and why, for whoever starts the program. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** @throws SettingsError */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    throw new SettingsError(`Wrong setting. ${describeFieldErrors(fieldErrors(parsed.error))}`);
  }
  const env = parsed.data;
  if (env.APP_ENV === "production") refuseDevelopment(env);
  return {
    appEnv: env.APP_ENV,
    port: env.PORT,
    host: env.HOST ?? (env.APP_ENV === "production" ? "0.0.0.0" : "127.0.0.1"),
    gemini: geminiSettings(env),
    daily: dailySettings(env),
    trustedKeys: env.EDGE_JWKS ?? publicKeys(DEV_SIGNING_KEY),
    chromiumSandbox: env.CHROMIUM_SANDBOX === "on",
    capacity: env.BOT_CAPACITY,
    callsPerPage: env.CALLS_PER_PAGE,
    sparePage: env.SPARE_PAGE === "on",
    pageMaxCalls: env.PAGE_MAX_CALLS,
    browserMaxCalls: env.BROWSER_MAX_CALLS,
    browserMaxMb: env.BROWSER_MAX_MB,
    maxLoopLagMs: env.MAX_LOOP_LAG_MS,
    drainMs: env.DRAIN_MS ?? DRAIN_MS[env.APP_ENV],
    vadPreset: env.VAD_PRESET,
    clientGraceMs: env.CLIENT_GRACE_MS,
    ...(env.CHROMIUM_PATH ? { chromiumPath: env.CHROMIUM_PATH } : {}),
    ...(env.DEFAULT_VOICE ? { defaultVoice: env.DEFAULT_VOICE } : {}),
    ...(env.SYSTEM_PROMPT_FILE ? { systemPrompt: systemPrompt(env.SYSTEM_PROMPT_FILE) } : {}),
  };
}

function geminiSettings(env: Environment): Settings["gemini"] {
  const model = env.GEMINI_MODEL;
  if (env.GOOGLE_REGION && env.GOOGLE_CLOUD_PROJECT) {
    const vertex = { project: env.GOOGLE_CLOUD_PROJECT, location: env.GOOGLE_REGION };
    const baseUrl = env.GEMINI_BASE_URL ? { baseUrl: env.GEMINI_BASE_URL } : {};
    return { emulated: false, apiKey: "", vertex, model, ...baseUrl };
  }
  if (env.GOOGLE_API_KEY) {
    const baseUrl = env.GEMINI_BASE_URL ? { baseUrl: env.GEMINI_BASE_URL } : {};
    return { emulated: false, apiKey: env.GOOGLE_API_KEY, model, ...baseUrl };
  }
  const baseUrl = env.GEMINI_BASE_URL ?? `http://127.0.0.1:${DEV_PORTS.gemini}`;
  return { emulated: true, apiKey: EMULATED_GEMINI_KEY, baseUrl, model };
}

function dailySettings(env: Environment): Settings["daily"] {
  if (env.DAILY_API_KEY) return { emulated: false };
  return {
    emulated: true,
    callMachineUrl: env.DAILY_CALL_MACHINE_URL ?? `http://localhost:${DEV_PORTS.daily}/call-machine`,
  };
}

/** Read with the settings, so that a file that is not there stops the program and not the first call. */
function systemPrompt(path: string): string {
  try {
    return readSystemPrompt(path);
  } catch (cause) {
    throw new SettingsError(`Wrong setting. SYSTEM_PROMPT_FILE: ${(cause as Error).message}`, { cause });
  }
}

/** Production runs with nothing that development makes up. */
function refuseDevelopment(env: Environment): void {
  const wrong = [
    !env.GOOGLE_API_KEY &&
      !(env.GOOGLE_REGION && env.GOOGLE_CLOUD_PROJECT) &&
      "GOOGLE_API_KEY is missing: the assistant needs it, or GOOGLE_REGION and GOOGLE_CLOUD_PROJECT for Vertex AI.",
    env.GOOGLE_API_KEY === EMULATED_GEMINI_KEY && "GOOGLE_API_KEY is the Gemini emulator's key.",
    isLocal(env.GEMINI_BASE_URL) && "GEMINI_BASE_URL is an emulator's address.",
    !env.DAILY_API_KEY && "DAILY_API_KEY is missing: without it, calls would be on the Daily emulator.",
    env.DAILY_CALL_MACHINE_URL && "DAILY_CALL_MACHINE_URL is for the Daily emulator.",
    !env.EDGE_JWKS && "EDGE_JWKS is missing: it holds the public keys whose requests this host obeys.",
    env.EDGE_JWKS?.keys.some(({ x }) => x === DEV_SIGNING_KEY.x) &&
      "EDGE_JWKS trusts the development key, which is public.",
  ].filter((sentence) => typeof sentence === "string");
  if (wrong.length === 0) return;
  throw new SettingsError(
    `${wrong.join(" ")} (APP_ENV is production, which is the default; use APP_ENV=development for the emulators.)`,
  );
}

function isLocal(url: string | undefined): boolean {
  if (!url) return false;
  const { hostname } = new URL(url);
  return /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0)$/.test(hostname);
}
