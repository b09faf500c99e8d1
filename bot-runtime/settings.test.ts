import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DEV_SIGNING_KEY, EMULATED_GEMINI_KEY } from "../protocol/development.ts";
import { publicKeys } from "../protocol/signing.ts";
import { readSettings, SettingsError } from "./settings.ts";

const JWKS = JSON.stringify(publicKeys({ ...DEV_SIGNING_KEY, kid: "prod", x: "A".repeat(43) }));
const PRODUCTION = { GOOGLE_API_KEY: "real-key", DAILY_API_KEY: "daily-key", EDGE_JWKS: JWKS };

function refusal(environment: Record<string, string>): string {
  try {
    readSettings(environment);
  } catch (thrown) {
    if (thrown instanceof SettingsError) return thrown.message;
  }
  return expect.fail("It was accepted.");
}

describe("readSettings", () => {
  it("finds the emulators in development with nothing set", () => {
    expect(readSettings({ APP_ENV: "development" })).toEqual({
      appEnv: "development",
      port: 8080,
      host: "127.0.0.1",
      gemini: {
        emulated: true,
        apiKey: EMULATED_GEMINI_KEY,
        baseUrl: "http://127.0.0.1:8789",
        model: "gemini-3.8-live",
      },
      daily: { emulated: true, callMachineUrl: "http://localhost:8788/call-machine" },
      trustedKeys: publicKeys(DEV_SIGNING_KEY),
      chromiumSandbox: true,
      capacity: 8,
      callsPerPage: 8,
      sparePage: true,
      pageMaxCalls: 500,
      browserMaxCalls: 5_000,
      browserMaxMb: 600,
      maxLoopLagMs: 200,
      drainMs: 0,
      vadPreset: "measured",
      clientGraceMs: 45_000,
    });
  });

  it("leaves out Chromium's sandbox only where that is said in so many words", () => {
    const sandbox = (CHROMIUM_SANDBOX: string) =>
      readSettings({ ...PRODUCTION, CHROMIUM_SANDBOX }).chromiumSandbox;
    expect(sandbox("")).toBe(true);
    expect(sandbox("on")).toBe(true);
    expect(sandbox("off")).toBe(false);
    expect(refusal({ ...PRODUCTION, CHROMIUM_SANDBOX: "false" })).toMatch(/CHROMIUM_SANDBOX/);
  });

  it("switches each side to the real service by its key alone", () => {
    const google = readSettings({ APP_ENV: "development", GOOGLE_API_KEY: "k" });
    expect(google.gemini).toEqual({ emulated: false, apiKey: "k", model: "gemini-3.8-live" });
    const place = { GOOGLE_REGION: "europe-west1", GOOGLE_CLOUD_PROJECT: "p" };
    expect(readSettings({ APP_ENV: "development", ...place, GOOGLE_API_KEY: "k" }).gemini.vertex).toEqual({
      project: "p",
      location: "europe-west1",
    });
    expect(readSettings({ ...PRODUCTION, ...place, GOOGLE_API_KEY: "" }).gemini.emulated).toBe(false);
    expect(google.daily.emulated).toBe(true);
    const daily = readSettings({ APP_ENV: "development", DAILY_API_KEY: "k" });
    expect(daily.daily).toEqual({ emulated: false });
    expect(daily.gemini.emulated).toBe(true);
  });

  it("takes an empty variable for none, as .env files have them", () => {
    expect(readSettings({ APP_ENV: "development", PORT: "", GOOGLE_API_KEY: "" })).toEqual(
      readSettings({ APP_ENV: "development" }),
    );
  });

  it("is production by default, with real services, on all addresses", () => {
    expect(readSettings(PRODUCTION)).toMatchObject({
      appEnv: "production",
      host: "0.0.0.0",
      drainMs: 10_000,
      gemini: { emulated: false },
      daily: { emulated: false },
    });
  });

  it("refuses in production whatever development makes up, all at once and by name", () => {
    const message = refusal({});
    expect(message).toContain("GOOGLE_API_KEY is missing");
    expect(message).toContain("EDGE_JWKS is missing");
    expect(message).toContain("DAILY_API_KEY is missing");
    expect(message).toContain("APP_ENV");
  });

  it.each([
    [{ GOOGLE_API_KEY: EMULATED_GEMINI_KEY }, "GOOGLE_API_KEY"],
    [{ GEMINI_BASE_URL: "http://localhost:8789" }, "GEMINI_BASE_URL"],
    [{ GEMINI_BASE_URL: "http://127.0.0.1:8789" }, "GEMINI_BASE_URL"],
    [{ GEMINI_BASE_URL: "http://[::1]:8789" }, "GEMINI_BASE_URL"],
    [{ DAILY_CALL_MACHINE_URL: "http://localhost:8788/call-machine" }, "DAILY_CALL_MACHINE_URL"],
    [{ EDGE_JWKS: JSON.stringify(publicKeys({ ...DEV_SIGNING_KEY, kid: "renamed" })) }, "EDGE_JWKS"],
  ])("refuses %j in production", (wrong, name) => {
    expect(refusal({ ...PRODUCTION, ...wrong })).toContain(name);
  });

  it("reads the operator's instructions with the settings", () => {
    // Any file of text will do.
    const file = join(import.meta.dirname, "../.nvmrc");
    const { systemPrompt } = readSettings({ ...PRODUCTION, SYSTEM_PROMPT_FILE: file });
    expect(systemPrompt).toBe(readFileSync(file, "utf8").trim());
  });

  it.each([
    [{ APP_ENV: "staging" }, "APP_ENV"],
    [{ PORT: "http" }, "PORT"],
    [{ PORT: "70000" }, "PORT"],
    [{ BOT_CAPACITY: "0" }, "BOT_CAPACITY"],
    [{ CALLS_PER_PAGE: "0" }, "CALLS_PER_PAGE"],
    [{ CALLS_PER_PAGE: "65" }, "CALLS_PER_PAGE"],
    [{ SPARE_PAGE: "yes" }, "SPARE_PAGE"],
    [{ BROWSER_MAX_MB: "99" }, "BROWSER_MAX_MB"],
    [{ MAX_LOOP_LAG_MS: "-1" }, "MAX_LOOP_LAG_MS"],
    [{ DRAIN_MS: "soon" }, "DRAIN_MS"],
    [{ GEMINI_BASE_URL: "ws://127.0.0.1:1" }, "GEMINI_BASE_URL"],
    [{ EDGE_JWKS: "{" }, "EDGE_JWKS"],
    [{ EDGE_JWKS: '{"keys":[]}' }, "EDGE_JWKS"],
    [{ VAD_PRESET: "silero" }, "VAD_PRESET"],
    [{ CLIENT_GRACE_MS: "-1" }, "CLIENT_GRACE_MS"],
    [{ SYSTEM_PROMPT_FILE: "/nowhere/prompt.txt" }, "SYSTEM_PROMPT_FILE: /nowhere/prompt.txt cannot be read"],
  ])("refuses %j in a sentence that names it", (wrong, name) => {
    expect(refusal({ APP_ENV: "development", ...wrong })).toContain(name);
  });
});
