import { describe, expect, it } from "vitest";
import { formatLine } from "./log-lines.ts";

describe("formatLine", () => {
  it("shows time, part, event and fields", () => {
    const line = JSON.stringify({
      at: "2026-05-01T10:20:30.400Z",
      level: "info",
      program: "edge",
      event: "session.started",
      sessionId: "abc",
      tookMs: 12,
    });
    expect(formatLine("edge", line)).toBe("10:20:30 edge   session.started sessionId=abc tookMs=12");
  });

  it("marks warnings and errors", () => {
    expect(formatLine("bot", '{"level":"error","event":"page.crashed"}')).toContain("ERROR page.crashed");
  });

  it.each(["plain text", "{broken", '✘ [ERROR] Could not resolve "./x.ts"'])("passes %j as it is", (line) => {
    expect(formatLine("edge", line)).toBe(`         edge   ${line}`);
  });

  it.each([
    "",
    "[wrangler:info] GET /health 200 OK (2ms)",
    "Using secrets defined in process.env",
    "Error: getaddrinfo ENOTFOUND workers.cloudflare.com",
    '{"level":"debug","event":"browser.stderr","text":"noise"}',
  ])("leaves out %j", (line) => {
    expect(formatLine("edge", line)).toBeUndefined();
  });
});
