const preset = require("jest-expo/jest-preset");

/** Published as ES modules, or as React Native's own dialect, which Node does not read. */
const TRANSFORMED = "@daily-co/.*|@pipecat-ai/.*|@react-native-async-storage/.*|uuid";

/** @type {import("jest").Config} */
module.exports = {
  preset: "jest-expo",
  testMatch: ["<rootDir>/src/**/*.test.{ts,tsx}"],
  setupFiles: ["<rootDir>/src/testing/setup.ts"],
  // The first test that loads React Native on a busy machine waits for its transformation.
  testTimeout: 20_000,
  transformIgnorePatterns: preset.transformIgnorePatterns.map((pattern) =>
    pattern.replace("(?!", `(?!${TRANSFORMED}|`),
  ),
};
