import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Browser } from "./browser.ts";
import { findChromium } from "./chromium-path.ts";
import type { RoomLogEvent } from "./log-events.ts";
import { alive, groupOf } from "./testing/processes.ts";

const chromiumPath = findChromium({ wanted: process.env.CHROMIUM_PATH });
/** As it stands in a folder's name. */
const HOST = hostname().replaceAll(/[^\w.]/g, "_");
let browser: Browser | undefined;
let folder: string;

// A temporary folder of our own, so that what is left in it is ours. A killed process does leave something.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "chat-vrd-browser-test-"));
  vi.stubEnv("TMPDIR", folder);
});

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

afterEach(async () => {
  await browser?.close();
  browser = undefined;
});

async function launch(log: (event: RoomLogEvent) => void = () => {}): Promise<Browser> {
  browser = await Browser.launch({
    chromiumPath,
    callMachineUrl: undefined,
    origin: "http://127.0.0.1:1",
    log,
  });
  return browser;
}

function profileFolders(): string[] {
  return readdirSync(folder).filter((name) => name.startsWith("chat-vrd-chromium-"));
}

describe("a browser", () => {
  it("starts, runs scripts and leaves neither process nor folder", async () => {
    const events: RoomLogEvent[] = [];
    const started = await launch((event) => events.push(event));
    expect(profileFolders()).toHaveLength(1);
    expect(events).toContainEqual(expect.objectContaining({ event: "browser.started", pid: started.pid }));
    const tab = await started.open("about:blank", { gone: () => {} });
    expect(await tab.evaluate("Promise.resolve(6 * 7)")).toBe(42);
    await expect(tab.evaluate("throw new Error('x')")).rejects.toThrow("The script threw");
    expect(groupOf(started.pid).length).toBeGreaterThan(2);
    await started.close();
    await started.close();
    expect(groupOf(started.pid)).toEqual([]);
    expect(profileFolders()).toEqual([]);
    expect(await started.exited).toMatchObject({ asked: true });
  });

  it("tells of a tab that crashes and of one that is closed, but not by us", async () => {
    const started = await launch();
    const gone: string[] = [];
    const crashing = await started.open("about:blank", { gone: (detail) => gone.push(`1 ${detail}`) });
    const closing = await started.open("about:blank", { gone: (detail) => gone.push(`2 ${detail}`) });
    const ours = await started.open("about:blank", { gone: (detail) => gone.push(`3 ${detail}`) });
    void crashing.evaluate("location.href = 'chrome://crash'").catch(() => undefined);
    void started.open("chrome://crash", { gone: (detail) => gone.push(`4 ${detail}`) });
    await vi.waitFor(() => expect(gone).toContain("4 The page crashed"), 5_000);
    void closing.evaluate("window.close()").catch(() => undefined);
    await vi.waitFor(() => expect(gone).toContain("2 The page was closed"), 5_000);
    await ours.close();
    expect(gone.filter((line) => line.startsWith("3"))).toEqual([]);
  });

  it("that is closed says so to the tabs that are still open", async () => {
    const started = await launch();
    const gone = vi.fn();
    await started.open("about:blank", { gone });
    await started.close();
    expect(gone).toHaveBeenCalledOnce();
  });

  it("gets none of our keys, and keeps its temporary files in its folder", async () => {
    vi.stubEnv("DAILY_API_KEY", "the-daily-key");
    const started = await launch();
    const environments = groupOf(started.pid).map((pid) => readFileSync(`/proc/${pid}/environ`, "utf8"));
    expect(environments.length).toBeGreaterThan(2);
    const [profile = ""] = profileFolders();
    expect(environments[0]).toContain(`TMPDIR=${join(folder, profile)}`);
    expect(environments.join()).not.toContain("the-daily-key");
  });

  it("removes at its start what a killed predecessor left", async () => {
    const parent = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    await new Promise((resolve) => parent.once("exit", resolve));
    mkdirSync(join(folder, `chat-vrd-chromium-${HOST}-${parent.pid}-aBc123`, "Default"), { recursive: true });
    await launch();
    expect(profileFolders()).toEqual([expect.stringContaining(`-${process.pid}-`)]);
  });

  it("that is killed says so to its tabs and takes no more commands", async () => {
    const started = await launch();
    const gone = vi.fn();
    await started.open("about:blank", { gone });
    process.kill(started.pid, "SIGKILL");
    expect(await started.exited).toMatchObject({ asked: false, detail: "signal SIGKILL" });
    expect(gone).toHaveBeenCalledExactlyOnceWith("The browser exited with signal SIGKILL");
    expect(started.alive).toBe(false);
    await expect(started.open("about:blank", { gone })).rejects.toThrow();
    await started.close();
    // What a killed program has begun is killed with it, and takes a moment to be gone.
    await vi.waitFor(() => expect(groupOf(started.pid)).toEqual([]), { timeout: 5_000 });
  });
});

describe("starting", () => {
  it.each([
    ["is not there", "/nonexistent/chromium", "did not start.*ENOENT"],
    ["exits at once", "/bin/false", "did not start"],
  ])("a program that %s fails and leaves no folder", async (_, path, message) => {
    const options = {
      chromiumPath: path,
      callMachineUrl: undefined,
      origin: "http://127.0.0.1:1",
      log: () => {},
    };
    await expect(Browser.launch(options)).rejects.toThrow(new RegExp(message));
    expect(profileFolders()).toEqual([]);
  });
});

it("dies with the process that started it, even by kill -9", async () => {
  const code = `
    import { Browser } from ${JSON.stringify(new URL("browser.ts", import.meta.url).href)};
    const browser = await Browser.launch({
      chromiumPath: ${JSON.stringify(chromiumPath)}, origin: "http://127.0.0.1:1", log: () => {},
    });
    console.log(browser.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once("data", (data) => resolve(Number(data))),
    );
    expect(alive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await vi.waitFor(() => expect(groupOf(pid)).toEqual([]), 5_000);
  } finally {
    parent.kill("SIGKILL");
  }
});
