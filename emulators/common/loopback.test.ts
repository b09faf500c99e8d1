import { expect, test } from "vitest";
import { isLoopbackHost, isLoopbackOrigin } from "./loopback.ts";

test.each([
  ["localhost:8788", true],
  ["127.0.0.1:8788", true],
  ["[::1]:8788", true],
  ["LOCALHOST", true],
  ["localhost.evil.example", false],
  ["evil.example:8788", false],
  ["127.0.0.1.evil.example", false],
  ["user@evil.example", false],
  ["evil.example@localhost", false],
  ["localhost/evil.example", false],
  ["localhost?evil.example", false],
  ["localhost#evil.example", false],
  ["0.0.0.0:8788", false],
  ["127.0.0.2:8788", false],
  ["", false],
  [undefined, false],
])("host %s: %s", (host, expected) => {
  expect(isLoopbackHost(host)).toBe(expected);
});

test.each([
  [undefined, true],
  ["http://localhost:3000", true],
  ["https://127.0.0.1", true],
  ["https://evil.example", false],
  ["http://localhost.evil.example", false],
  ["null", false],
  ["http://evil.example@localhost", false],
  ["capacitor://localhost", true],
  ["", false],
])("origin %s: %s", (origin, expected) => {
  expect(isLoopbackOrigin(origin)).toBe(expected);
});
