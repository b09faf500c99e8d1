import { DEV_SIGNING_KEY } from "../../protocol/development.ts";

/** Settings of a production that runs, and is open to anybody. */
export const PRODUCTION = {
  APP_ENV: "production",
  PUBLIC_URL: "https://voice.example.com",
  DAILY_API_KEY: "a-real-key",
  DAILY_API_URL: "",
  BOT_RUNTIME_URL: "https://bots.example.com",
  EDGE_SIGNING_KEY: JSON.stringify({ ...DEV_SIGNING_KEY, kid: "own", x: "A".repeat(43), d: "B".repeat(43) }),
  ALLOW_ANONYMOUS: "true",
};
