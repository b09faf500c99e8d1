import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/** Runs the program with nothing but these settings, until it ends. */
function run(settings: Record<string, string>): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const file = join(import.meta.dirname, "main.ts");
    execFile(process.execPath, [file], { env: settings, timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

describe("main", () => {
  it("does not start in production without its keys, and says which", async () => {
    const { code, stdout, stderr } = await run({});
    expect(code).toBe(1);
    expect(stderr).toMatch(/^GOOGLE_API_KEY is missing.*EDGE_JWKS is missing.*\n$/);
    expect(stdout).toBe("");
  }, 30_000);

  it("says what it cannot start with", async () => {
    const settings = { APP_ENV: "development", PORT: "0", CHROMIUM_PATH: "/nowhere/chromium" };
    const { code, stdout } = await run(settings);
    expect(code).toBe(1);
    const line = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
    expect(line).toMatchObject({ event: "server.start_failed", detail: expect.stringContaining("/nowhere") });
  }, 30_000);
});
