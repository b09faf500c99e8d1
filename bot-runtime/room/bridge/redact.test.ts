import { expect, it } from "vitest";
import { redact } from "./redact.ts";

const SECRET = "q0Zk3vJ8mE5rT1yU7wXbN2cL9dHfGsA4PiO6KeV_-xQ";
const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJyIjoiZGVtbyIsInVkIjoiYm90In0.c2lnbmF0dXJlLW9mLWl0";

it.each([
  `Not allowed to load http://127.0.0.1:4711/${SECRET}/page.js`,
  `Failed to construct 'Worker': Script at 'http://127.0.0.1:4711/${SECRET}/socket.webworker.js' cannot be accessed`,
  `"boom", source: http://127.0.0.1:4711/${SECRET}/ (1)`,
  `WebSocket connection to 'ws://127.0.0.1:4711/${SECRET}/socket' failed`,
  `cut off in the middle: http://127.0.0.1:4711/${SECRET.slice(0, 20)}`,
])("takes the page's secret out of a URL: %s", (text) => {
  expect(redact(text)).not.toContain(SECRET.slice(0, 10));
  expect(redact(text)).toContain("127.0.0.1:4711/…");
});

it.each([
  `token=${TOKEN}&x`,
  TOKEN,
  TOKEN.slice(0, -30),
  `wss://x.daily.co/?t=${TOKEN}`,
  `https://x?t=${TOKEN}`,
])("takes a meeting token out: %s", (text) => {
  expect(redact(text)).not.toContain("eyJ");
});

it("leaves the rest alone, also a URL without a path", () => {
  const text =
    "[1120/1.2:ERROR:dbus/bus.cc:405] Failed to connect to http://127.0.0.1:80: No such file, a.b.c";
  expect(redact(text)).toBe(text);
});
