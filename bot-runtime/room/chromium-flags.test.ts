import { expect, it } from "vitest";
import { chromiumFlags, type FlagOptions } from "./chromium-flags.ts";

function flags(options: Partial<FlagOptions> = {}): string[] {
  return chromiumFlags({ userDataDir: "/tmp/x", sandbox: true, callMachineUrl: undefined, ...options });
}

function rules(callMachineUrl?: string): string | undefined {
  return flags({ callMachineUrl }).find((flag) => flag.startsWith("--host-resolver-rules="));
}

it("keeps the sandbox unless there is to be none", () => {
  expect(flags()).not.toContain("--no-sandbox");
  expect(flags({ sandbox: false })).toContain("--no-sandbox");
});

it("lets nothing through to sentry.io with the real Daily", () => {
  expect(rules()).toBe("--host-resolver-rules=MAP *.sentry.io ~NOTFOUND");
});

it("reaches loopback and the emulator only, where Daily is emulated", () => {
  expect(rules("http://daily:8788/call-machine")).toBe(
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE daily",
  );
});

it("disables features in one list: Chromium heeds only the last", () => {
  expect(flags().filter((flag) => flag.startsWith("--disable-features="))).toHaveLength(1);
});
