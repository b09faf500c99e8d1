import { expect, test } from "vitest";
import { emulatorSettings, parseSettings, SettingsError } from "./settings.ts";

const read = (environment: Record<string, string | undefined>) =>
  parseSettings(emulatorSettings(8788), environment);

test("nothing set is development on the known port, and an empty variable is not set", () => {
  expect(read({})).toEqual({ APP_ENV: "development", PORT: 8788 });
  expect(read({ APP_ENV: "", PORT: "", OTHER: "x" })).toEqual(read({}));
});

test.each([
  ["0", 0],
  ["8080", 8080],
  ["65535", 65_535],
])("PORT=%s", (port, expected) => {
  expect(read({ PORT: port }).PORT).toBe(expected);
});

test.each([
  [{ APP_ENV: "production" }, "APP_ENV is production, where an emulator has no place."],
  [{ APP_ENV: "staging" }, "APP_ENV has to be development or production."],
  [{ PORT: "http" }, "PORT has to be a port number."],
  [{ PORT: " " }, "PORT has to be a port number."],
  [{ PORT: "-1" }, "PORT has to be a port number."],
  [{ PORT: "1.5" }, "PORT has to be a port number."],
  [{ PORT: "0x10" }, "PORT has to be a port number."],
  [{ PORT: "65536" }, "PORT has to be 0 to 65535."],
  [
    { APP_ENV: "production", PORT: "x" },
    "APP_ENV is production, where an emulator has no place. PORT has to be a port number.",
  ],
])("%o is refused with a sentence", (environment, sentence) => {
  expect(() => read(environment)).toThrow(new SettingsError(sentence));
});
