import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { DEV_SIGNING_KEY, EMULATED_DAILY } from "../protocol/development.ts";
import { REGIONS } from "./fleet/regions.ts";
import { readSettings, SETTING_NAMES, type Settings } from "./settings.ts";

const OWN_KEY = JSON.stringify({ ...DEV_SIGNING_KEY, kid: "own", x: "A".repeat(43), d: "B".repeat(43) });

const PRODUCTION = {
  APP_ENV: "production",
  PUBLIC_URL: "https://voice.example.com/",
  DAILY_API_KEY: "a-real-key",
  DAILY_DOMAIN: "example",
  DAILY_DOMAIN_ID: "domain-id",
  BOT_RUNTIME_URL: "https://bots.example.com",
  EDGE_SIGNING_KEY: OWN_KEY,
  ALLOW_ANONYMOUS: "true",
};

function valid(env: object): Settings {
  const result = readSettings(env);
  if (result.kind === "refused") throw new Error(result.problems.join(" "));
  return result.settings;
}

function problems(env: object): string[] {
  const result = readSettings(env);
  return result.kind === "refused" ? result.problems : [];
}

test("no setting of a developer's own reaches these tests: every one of them is fixed by the configuration", () => {
  expect(SETTING_NAMES.filter((name) => !(name in env))).toEqual([]);
});

describe("development", () => {
  const development = { APP_ENV: "development" };

  test("needs nothing: both emulators, the known addresses, the known key", () => {
    const settings = valid(development);
    expect(settings).toMatchObject({
      production: false,
      publicUrl: "http://localhost:8787",
      fleet: { addresses: [{ url: "http://localhost:8080", region: undefined }], containers: undefined },
      signingKey: DEV_SIGNING_KEY,
      gemini: { configured: false },
      sessionMaxMs: 3_600_000,
      linkGraceMs: 3_000,
      silentMs: 30_000,
      maxSessionsPerUser: 3,
      defaultLanguage: "en-US",
    });
    expect(settings.daily).toEqual({
      emulated: true,
      apiUrl: "http://localhost:8788/v1",
      apiKey: EMULATED_DAILY.apiKey,
      domainName: EMULATED_DAILY.domainName,
      domainId: EMULATED_DAILY.domainId,
      callMachineUrl: "http://localhost:8788/call-machine",
      sampleRoomUrl: undefined,
      tokenMode: "self",
    });
  });

  test("a Daily key switches that side to the real service, and only that side", () => {
    const { daily, gemini } = valid({ ...development, DAILY_API_KEY: "a-real-key" });
    expect(daily).toMatchObject({
      emulated: false,
      apiUrl: "https://api.daily.co/v1",
      apiKey: "a-real-key",
      domainName: undefined,
      callMachineUrl: undefined,
    });
    expect(gemini.configured).toBe(false);
  });

  test("an emulator elsewhere brings its own call machine", () => {
    const { daily } = valid({ ...development, DAILY_API_URL: "http://127.0.0.1:4321/v1" });
    expect(daily).toMatchObject({
      emulated: true,
      callMachineUrl: "http://127.0.0.1:4321/call-machine",
    });
  });

  test("Daily's own address without a key is refused", () => {
    expect(problems({ ...development, DAILY_API_URL: "https://api.daily.co/v1" })).toEqual([
      expect.stringContaining("DAILY_API_KEY"),
    ]);
  });

  test("an origin is known as browsers send it, however it is written", () => {
    const { allowedOrigins } = valid({
      ...development,
      ALLOWED_ORIGINS: "https://App.Example.com, http://b",
    });
    expect([...allowedOrigins]).toEqual(["https://app.example.com", "http://b"]);
  });

  test("a line without a value counts as absent", () => {
    expect(valid({ ...development, DAILY_API_KEY: "", BOT_NAME: " " })).toMatchObject({
      daily: { emulated: true },
      botName: "Chat-VRD",
    });
  });

  test.each([
    ["SESSION_MAX_MS", "an hour"],
    ["SESSION_MAX_MS", "1"],
    ["LINK_GRACE_MS", "-5"],
    ["SILENT_MS", "9999"],
    ["DEFAULT_LANGUAGE", "tlh"],
    ["PUBLIC_URL", "ftp://example.com"],
    ["BOT_RUNTIME_URL", "localhost:8080"],
    ["BOT_RUNTIME_URL", "ftp://bots.example.com"],
    ["BOT_RUNTIME_URL", "europe=https://bots.example.com"],
    ["BOT_RUNTIME_URL", "=https://bots.example.com"],
    ["BOT_RUNTIME_URL", "weur=bots.example.com"],
    ["BOT_RUNTIME_URL", "weur=enam=https://bots.example.com"],
    ["BOT_RUNTIME_URL", "https://user:secret@bots.example.com"],
    ["BOT_RUNTIME_URL", "https://bots.example.com/?region=weur"],
    ["BOT_RUNTIME_URL", "https://bots.example.com/#weur"],
    ["BOT_RUNTIME_URL", "https://bots.example.com,weur=https://BOTS.example.com/"],
    ["CONTAINER_REGIONS", "europe"],
    ["CONTAINER_REGIONS", ","],
    ["MAX_CONTAINERS", "0"],
    ["MAX_CONTAINERS", "17"],
    ["BOT_CAPACITY", "65"],
    ["CLIENT_GRACE_MS", "a minute"],
    ["ALLOWED_ORIGINS", "https://app.example.com/path"],
    ["ALLOWED_ORIGINS", "*"],
    ["ALLOW_ANONYMOUS", "maybe"],
    ["EDGE_SIGNING_KEY", "{"],
    ["EDGE_SIGNING_KEY", JSON.stringify({ ...DEV_SIGNING_KEY, d: DEV_SIGNING_KEY.d.slice(1) })],
    ["DAILY_DOMAIN", "example.daily.co"],
    ["APP_ENV", "staging"],
    ["API_TOKENS", "short"],
    ["API_TOKENS", "a-name:15-characters-x"],
    ["API_TOKENS", "a name:a-token-of-32-characters-or-more"],
    ["API_TOKENS", ":a-token-of-32-characters-or-more"],
    ["API_TOKENS", "a-token-of-32-characters=or-more"],
    ["API_TOKENS", "a token of 32 characters or more"],
    ["API_TOKENS", `${"a".repeat(257)}`],
    ["API_TOKENS", "a:a-token-of-32-characters-or-more,b:a-token-of-32-characters-or-more"],
    ["API_TOKENS", Array.from({ length: 33 }, (_, i) => `a-token-of-many-${i}`).join(",")],
    ["OPERATOR_TOKENS", "short"],
    ["AUTH_JWKS_URL", "id.example.com/keys"],
    ["AUTH_AUDIENCE", "x".repeat(513)],
    ["MAX_SESSIONS_PER_USER", "0"],
    ["MAX_SESSIONS_PER_USER", "three"],
    ["MAX_SESSIONS_PER_USER", "1001"],
  ])("a wrong %s (%s) is refused with a sentence that names it", (name, value) => {
    const [problem, ...others] = problems({ ...development, [name]: value });
    expect(problem).toContain(name);
    expect(others).toEqual([]);
  });
});

describe("who may call", () => {
  const development = { APP_ENV: "development" };
  const { ALLOW_ANONYMOUS: _, ...production } = PRODUCTION;
  const tokens = { API_TOKENS: "app:a-token-of-32-characters-or-more" };
  const provider = {
    AUTH_JWKS_URL: "https://id.example.com/keys",
    AUTH_ISSUER: "https://id.example.com/",
    AUTH_AUDIENCE: "voice",
  };

  test("is anybody in development, until something says otherwise", () => {
    expect(valid(development).access).toEqual({
      anonymous: true,
      apiTokens: [],
      operatorTokens: [],
      openId: undefined,
    });
    expect(valid({ ...development, OPERATOR_TOKENS: "an-operators-own-token" }).access.anonymous).toBe(true);
    expect(valid({ ...development, ...tokens }).access.anonymous).toBe(false);
    expect(valid({ ...development, ...provider }).access.anonymous).toBe(false);
    expect(valid({ ...development, ...tokens, ALLOW_ANONYMOUS: "true" }).access.anonymous).toBe(true);
  });

  test("is nobody without a token in production, unless it is asked for", () => {
    for (const way of [tokens, provider, { ...tokens, ...provider }]) {
      expect(valid({ ...production, ...way }).access.anonymous).toBe(false);
      expect(valid({ ...production, ...way, ALLOW_ANONYMOUS: "false" }).access.anonymous).toBe(false);
      expect(valid({ ...production, ...way, ALLOW_ANONYMOUS: "true" }).access.anonymous).toBe(true);
    }
  });

  test.each([
    ["production without a word", production],
    ["production with operators alone", { ...production, OPERATOR_TOKENS: "an-operators-own-token" }],
    ["a development that is closed", { ...development, ALLOW_ANONYMOUS: "false" }],
  ])("cannot be nobody: %s is refused with its sentence", (_, settings) => {
    expect(problems(settings)).toEqual([
      "ALLOW_ANONYMOUS is not true and no way to authenticate callers is configured (API_TOKENS, AUTH_JWKS_URL); nobody could start a session.",
    ]);
  });

  test.each(Object.keys(provider))("is refused with a provider that lacks %s, and says so alone", (name) => {
    const { [name]: __, ...others } = { ...production, ...provider } as Record<string, string>;
    expect(problems(others)).toEqual([expect.stringMatching(new RegExp(`^${name} missing: .* go together`))]);
  });

  test("is refused with keys that come unencrypted, in production alone", () => {
    const AUTH_JWKS_URL = "http://id.example.com/keys";
    expect(problems({ ...production, ...provider, AUTH_JWKS_URL })).toEqual([
      expect.stringContaining("AUTH_JWKS_URL must be https"),
    ]);
    expect(valid({ ...development, ...provider, AUTH_JWKS_URL }).access.openId?.jwksUrl).toBe(AUTH_JWKS_URL);
  });

  test("is refused when one token is a user's and an operator's", () => {
    const OPERATOR_TOKENS = "ops:a-token-of-32-characters-or-more";
    expect(problems({ ...production, ...tokens, OPERATOR_TOKENS })).toEqual([
      expect.stringContaining("OPERATOR_TOKENS"),
    ]);
  });

  test("holds names and tokens as they are, several of one name", () => {
    const API_TOKENS = " app:the-first-token==, app:the-second-token ,, a.bare~token/of+ours ";
    expect(valid({ ...production, API_TOKENS }).access.apiTokens).toEqual([
      { name: "app", token: "the-first-token==" },
      { name: "app", token: "the-second-token" },
      { name: undefined, token: "a.bare~token/of+ours" },
    ]);
  });

  test("is never said by the text of a token", () => {
    for (const API_TOKENS of ["secret!", "name:secret", "a secret of many words", "secret,secret"]) {
      expect(problems({ ...production, API_TOKENS }).join(" ")).not.toContain("secret");
    }
  });
});

describe("where bots run", () => {
  const addressesOf = (BOT_RUNTIME_URL: string) => valid({ ...PRODUCTION, BOT_RUNTIME_URL }).fleet.addresses;

  test("is said by addresses, each with its region or without", () => {
    expect(addressesOf("weur=https://bots-eu.example.com/, https://bots.example.com/a=b,,")).toEqual([
      { url: "https://bots-eu.example.com", region: "weur" },
      { url: "https://bots.example.com/a=b", region: undefined },
    ]);
  });

  test("keeps its path, though an empty query or fragment follows it", () => {
    const urls = addressesOf("https://bots.example.com/a?,https://bots.example.com/b#").map(({ url }) => url);
    expect(urls).toEqual(["https://bots.example.com/a", "https://bots.example.com/b"]);
  });

  test("is refused unencrypted in production, whatever its region", () => {
    const BOT_RUNTIME_URL = "weur=http://bots.example.com";
    expect(problems({ ...PRODUCTION, BOT_RUNTIME_URL })).toEqual([
      "BOT_RUNTIME_URL must be https in production.",
    ]);
  });

  test("is refused with a sentence that shows how it is written", () => {
    expect(problems({ ...PRODUCTION, BOT_RUNTIME_URL: "europe=https://bots.example.com" }).join()).toContain(
      "wnam enam sam weur",
    );
    const said = problems({ ...PRODUCTION, BOT_RUNTIME_URL: "https://user:secret@bots.example.com" }).join();
    expect(said).toContain("such as https://bots.example.com or weur=https://bots.example.com");
    expect(said).not.toContain("secret");
  });

  describe("in containers", () => {
    const { BOT_RUNTIME_URL: _, ...nowhere } = PRODUCTION;
    const { BOT_CONTAINERS } = env;
    const production = { ...nowhere, BOT_CONTAINERS, GOOGLE_API_KEY: "a-google-key" };

    test("is enough for production, without an address", () => {
      expect(valid(production).fleet).toMatchObject({
        addresses: [],
        containers: { regions: REGIONS, perRegion: 2, capacity: 8 },
      });
    });

    test("needs no address in development either, and does not make one up", () => {
      expect(valid({ APP_ENV: "development", BOT_CONTAINERS }).fleet.addresses).toEqual([]);
    });

    test("can be bound to regions", () => {
      const containers = { CONTAINER_REGIONS: "weur, eeur,weur", MAX_CONTAINERS: "5", BOT_CAPACITY: "12" };
      expect(valid({ ...production, ...containers }).fleet.containers).toMatchObject({
        regions: ["weur", "eeur"],
        perRegion: 5,
        capacity: 12,
      });
    });

    test("gives them what a bot runtime needs, and of secrets only what it has to use", () => {
      const forBots = { GEMINI_MODEL: "a-model", VAD_PRESET: "pipecat" };
      const { environment } = valid({ ...production, ...forBots }).fleet.containers ?? {};
      expect(environment).toEqual({
        APP_ENV: "production",
        GOOGLE_API_KEY: "a-google-key",
        DAILY_API_KEY: "known-to-the-edge",
        EDGE_JWKS: JSON.stringify({ keys: [{ kty: "OKP", crv: "Ed25519", kid: "own", x: "A".repeat(43) }] }),
        BOT_CAPACITY: "8",
        GEMINI_MODEL: "a-model",
        VAD_PRESET: "pipecat",
      });
    });

    test("needs the key that they work with", () => {
      const { GOOGLE_API_KEY: __, ...keyless } = production;
      expect(problems(keyless)).toEqual([expect.stringContaining("GOOGLE_API_KEY is missing")]);
      // Where calls go to addresses, they have their own.
      expect(problems({ ...keyless, BOT_RUNTIME_URL: "https://bots.example.com" })).toEqual([]);
    });
  });
});

describe("production", () => {
  test("passes when everything is there", () => {
    expect(valid(PRODUCTION)).toMatchObject({
      production: true,
      publicUrl: "https://voice.example.com",
      fleet: { addresses: [{ url: "https://bots.example.com", region: undefined }], containers: undefined },
      daily: { emulated: false, apiUrl: "https://api.daily.co/v1", domainName: "example" },
    });
  });

  test("is the default of every build but that of `wrangler dev`", () => {
    expect(readSettings({}, "deploy")).toMatchObject({ kind: "refused" });
    expect(readSettings({}, "dev")).toMatchObject({ kind: "valid", settings: { production: false } });
  });

  test.each(["PUBLIC_URL", "DAILY_API_KEY", "BOT_RUNTIME_URL", "EDGE_SIGNING_KEY", "ALLOW_ANONYMOUS"])(
    "is refused without %s",
    (name) => {
      expect(problems({ ...PRODUCTION, [name]: "" })).toEqual([expect.stringContaining(name)]);
    },
  );

  test.each([
    ["PUBLIC_URL", "http://voice.example.com"],
    ["DAILY_API_KEY", EMULATED_DAILY.apiKey],
    ["DAILY_API_URL", "http://localhost:8788/v1"],
    ["DAILY_API_URL", "https://daily.co.evil.example/v1"],
    ["DAILY_CALL_MACHINE_URL", "http://localhost:8788/call-machine"],
    ["BOT_RUNTIME_URL", "http://bots.example.com"],
    ["BOT_RUNTIME_URL", "https://bots.example.com,http://localhost:8080"],
    ["BOT_RUNTIME_URL", ","],
    ["EDGE_SIGNING_KEY", JSON.stringify(DEV_SIGNING_KEY)],
    ["ALLOW_ANONYMOUS", "false"],
  ])("is refused with %s=%s", (name, value) => {
    expect(problems({ ...PRODUCTION, [name]: value })).toEqual([expect.stringContaining(name)]);
  });

  test("all that is wrong is said at once, and no value of a secret", () => {
    const said = problems({ APP_ENV: "production", DAILY_API_KEY: EMULATED_DAILY.apiKey });
    expect(said).toHaveLength(5);
    expect(said.join(" ")).not.toContain(EMULATED_DAILY.apiKey);
  });
});
