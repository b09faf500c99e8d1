import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // By default a core is left free, which on two cores means one file at a time.
    maxWorkers: "100%",
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            // A `.env` of the checkout must not reach the tests: what matters is set here, and empty is absent.
            // The addresses are nobody's, so that a call that is not faked reaches nothing that runs.
            miniflare: {
              // As in a deployment with containers; there is no container engine, so none ever runs.
              durableObjects: { BOT_CONTAINERS: { className: "BotContainer", useSQLite: true } },
              bindings: {
                APP_ENV: "development",
                PUBLIC_URL: "http://edge.test",
                DAILY_API_KEY: "",
                DAILY_API_URL: "http://daily.test/v1",
                DAILY_DOMAIN: "",
                DAILY_DOMAIN_ID: "",
                DAILY_SAMPLE_ROOM_URL: "",
                DAILY_TOKEN_MODE: "",
                DAILY_CALL_MACHINE_URL: "",
                BOT_RUNTIME_URL: "http://bots.test",
                CONTAINER_REGIONS: "",
                MAX_CONTAINERS: "",
                BOT_CAPACITY: "",
                GEMINI_MODEL: "",
                VAD_PRESET: "",
                CLIENT_GRACE_MS: "",
                EDGE_SIGNING_KEY: "",
                GOOGLE_API_KEY: "",
                BOT_NAME: "",
                DEFAULT_LANGUAGE: "",
                DEFAULT_VOICE: "",
                ALLOWED_ORIGINS: "https://app.example.com",
                ALLOW_ANONYMOUS: "",
                API_TOKENS: "",
                OPERATOR_TOKENS: "",
                AUTH_JWKS_URL: "",
                AUTH_ISSUER: "",
                AUTH_AUDIENCE: "",
                MAX_SESSIONS_PER_USER: "",
                SESSION_MAX_MS: "",
                LINK_GRACE_MS: "",
                SILENT_MS: "",
              },
            },
          }),
        ],
        test: {
          name: "edge",
          include: ["edge/**/*.test.ts"],
          exclude: ["edge/console/**"],
          // Beyond what a wait may take, so that it is the wait that tells what did not come.
          testTimeout: 20_000,
          provide: {
            sessionSeeds: Number(process.env.SESSION_SEEDS || 500),
            apiRequests: Number(process.env.API_REQUESTS || 2_000),
            apiSeed: Number(process.env.API_SEED || 1),
          },
        },
      },
      {
        test: {
          name: "node",
          environment: "node",
          // As for the edge.
          testTimeout: 20_000,
          include: [
            "protocol/**/*.test.ts",
            "bot-runtime/**/*.test.ts",
            "emulators/**/*.test.ts",
            "scripts/**/*.test.ts",
            "test/support/**/*.test.ts",
            "test/clients/*.test.ts",
            "test/conversation/*.test.ts",
            "test/openapi/*.test.ts",
            "test/persona/*.test.ts",
            "test/campaign/*/**/*.test.ts",
            "edge/console/**/*.test.ts",
            "bench/**/*.test.ts",
          ],
          exclude: ["**/*.browser.test.ts"],
        },
      },
      {
        test: {
          name: "browser",
          environment: "node",
          include: ["emulators/**/*.browser.test.ts", "test/e2e/console*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // Sound is compared and memory is measured here, one file at a time, with nothing beside it.
          name: "calls",
          environment: "node",
          include: [
            "bot-runtime/**/*.browser.test.ts",
            "bench/**/*.browser.test.ts",
            "test/e2e/{first-call,gemini-loss,languages,room,supervision}.test.ts",
            "test/campaign/{leaks,crash,recovery}.test.ts",
          ],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
