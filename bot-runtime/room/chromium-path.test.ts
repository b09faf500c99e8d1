import { expect, it } from "vitest";
import { findChromium } from "./chromium-path.ts";

const having =
  (...paths: string[]) =>
  (path: string) =>
    paths.includes(path);

it("takes what CHROMIUM_PATH says", () => {
  expect(
    findChromium({ wanted: "/opt/c", searchPath: "/bin", isExecutable: having("/opt/c", "/bin/chromium") }),
  ).toBe("/opt/c");
});

it("does not fall back when CHROMIUM_PATH is wrong", () => {
  expect(() =>
    findChromium({ wanted: "/opt/c", searchPath: "/bin", isExecutable: having("/bin/chromium") }),
  ).toThrow('CHROMIUM_PATH is "/opt/c", which is not a program');
});

it("prefers the headless shell, wherever it is", () => {
  const isExecutable = having("/bin/chromium", "/usr/bin/chromium-headless-shell");
  expect(findChromium({ searchPath: "/bin::/usr/bin", isExecutable })).toBe(
    "/usr/bin/chromium-headless-shell",
  );
});

it("takes an empty CHROMIUM_PATH for none", () => {
  expect(findChromium({ wanted: "", searchPath: "/bin", isExecutable: having("/bin/google-chrome") })).toBe(
    "/bin/google-chrome",
  );
});

it("says what to do when there is none", () => {
  expect(() => findChromium({ searchPath: "/bin", isExecutable: () => false })).toThrow("set CHROMIUM_PATH");
});

it("knows a program from a file that is none", () => {
  expect(() => findChromium({ wanted: import.meta.filename })).toThrow("not a program");
  expect(findChromium({ wanted: process.execPath })).toBe(process.execPath);
});
