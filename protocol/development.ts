/**
 * What the programs agree on in development, so that they find each other without a setting or a secret.
 * None of it is accepted with `APP_ENV=production`.
 */

/** Ports of `npm start`. A second bot runtime takes `botRuntime + 10`. */
export const DEV_PORTS = { edge: 8787, botRuntime: 8080, daily: 8788, gemini: 8789 } as const;

/** The account that the Daily emulator serves. Its key signs meeting tokens, as a real one does. */
export const EMULATED_DAILY = {
  apiKey: "emulated-daily-key",
  domainName: "emulated",
  domainId: "00000000-0000-4000-8000-00000000da11",
} as const;

/** The API key that the Gemini emulator accepts. */
export const EMULATED_GEMINI_KEY = "emulated-gemini-key";

/** The edge's signing key. It is public, which is why production refuses it. */
export const DEV_SIGNING_KEY = {
  kty: "OKP",
  crv: "Ed25519",
  kid: "development",
  x: "Hktae_mc3nIFE7wJFf1SeWSVvsslgLcCF4ORf1-veh4",
  d: "kUXX2l0OCKX6lKRhXoWv4rfd7Lu1RQ1KjiKA2UZN7rE",
} as const;
