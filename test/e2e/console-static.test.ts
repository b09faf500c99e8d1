import { readdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { findChromium } from "../../bot-runtime/room/chromium-path.ts";
import type { ClientConfig } from "../../protocol/session.ts";

/** The console as built, under a policy as strict as the edge's, without any call. The policy also keeps Daily out. */

const BUILT = join(import.meta.dirname, "../../dist/console");
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";

/** A page that a phone on a slow network (1.6 Mbit/s) has in a second and a half. */
const MAX_GZIPPED_BYTES = 250_000;

const CONFIG: ClientConfig = {
  emulated: { daily: true, gemini: false },
  languages: [
    { tag: "en-US", name: "English (US)" },
    { tag: "nl-NL", name: "Nederlands" },
  ],
  auth: "none",
  defaultLanguage: "en-US",
};
const PROBLEM = { detail: "DAILY_API_KEY is not set.", code: "misconfigured" };

let server: Server;
let browser: Browser;
let page: Page;
let url: string;
let configured = true;
let complaints: string[];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    if (request.url === "/client-config") {
      response.writeHead(configured ? 200 : 503, { "content-type": "application/json" });
      response.end(JSON.stringify(configured ? CONFIG : PROBLEM));
      return;
    }
    const name = request.url === "/" ? "index.html" : (request.url ?? "").slice(1);
    const type = TYPES[extname(name)];
    const body = type && (await readFile(join(BUILT, name)).catch(() => undefined));
    if (!body) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}/`;
  browser = await chromium.launch({
    executablePath: findChromium({ wanted: process.env.CHROMIUM_PATH }),
    args: ["--no-sandbox"],
  });
});

afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(async () => {
  configured = true;
  complaints = [];
  page = await browser.newPage({ locale: "nl-BE", viewport: { width: 360, height: 640 } });
  page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
  page.on("pageerror", (error) => complaints.push(error.message));
  return () => page.close();
});

const stateIs = (state: string) => page.waitForSelector(`[data-state="${state}"]`);

it("gets ready under a strict policy, in the browser's language, and says what is emulated", async () => {
  await page.goto(url);
  await stateIs("idle");
  expect(await page.inputValue("#language")).toBe("nl-NL");
  expect(await page.textContent("#emulated")).toMatch(/Daily: emulated\s+Gemini: real/);
  expect(await page.isEnabled("#connect")).toBe(true);
  expect(await page.isEnabled("#hangup")).toBe(false);
  expect(complaints).toEqual([]);
});

it("fits the width of a phone", async () => {
  await page.goto(url);
  await stateIs("idle");
  const [content, width] = await page.evaluate<[number, number]>(
    "[document.documentElement.scrollWidth, innerWidth]",
  );
  expect(content).toBe(width);
});

it("shows the service's own sentence when it is not configured, and tries again", async () => {
  configured = false;
  await page.goto(url);
  await stateIs("unavailable");
  expect(await page.textContent("[role=alert]")).toContain("DAILY_API_KEY is not set.");
  expect(await page.isEnabled("#connect")).toBe(false);
  configured = true;
  await page.focus("#retry");
  await page.keyboard.press("Enter");
  await stateIs("idle");
  expect(await page.isVisible("[role=alert]")).toBe(false);
  expect(await page.evaluate("document.activeElement.id")).toBe("connect");
});

it("moves the keyboard's focus with the button that can be used", async () => {
  await page.goto(url);
  await stateIs("idle");
  await page.focus("#connect");
  await page.keyboard.press("Enter");
  await stateIs("starting");
  expect(await page.evaluate("document.activeElement.id")).toBe("hangup");
  await page.keyboard.press("Enter");
  await stateIs("ended");
  expect(await page.evaluate("document.activeElement.id")).toBe("connect");
});

it("weighs little: all of it, daily-js included, stays below what the page may weigh beside daily-js", async () => {
  const files = (await readdir(BUILT)).filter((name) => TYPES[extname(name)] !== undefined);
  expect(files).toEqual(expect.arrayContaining(["index.html", "console.css", "console.js", "client.js"]));
  const sizes = await Promise.all(
    files.map(async (name) => [name, gzipSync(await readFile(join(BUILT, name))).byteLength] as const),
  );
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  expect(total, JSON.stringify(Object.fromEntries(sizes))).toBeLessThanOrEqual(MAX_GZIPPED_BYTES);
});
