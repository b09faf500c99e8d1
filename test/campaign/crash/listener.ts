import { createServer, type Server } from "node:http";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { findChromium } from "../../../bot-runtime/room/chromium-path.ts";
import { ROOT } from "../../../scripts/steps.ts";

const FLAGS = [
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
  "--allow-loopback-in-peer-connection",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
  "--disable-background-networking",
];

/** A user who only listens. */
export class Listener {
  readonly page: Page;
  readonly sessionId: string;

  constructor(page: Page, sessionId: string) {
    this.page = page;
    this.sessionId = sessionId;
  }

  /** The loudness of each 10 ms, from that step on. */
  levels(from: number): Promise<number[]> {
    return this.page.evaluate((step) => window.ear.levels(step), from);
  }

  now(): Promise<number> {
    return this.page.evaluate(() => window.ear.now());
  }

  events(): Promise<string[]> {
    return this.page.evaluate(() => window.ear.events());
  }
}

/** A Chromium of its own, with a tab for each listener. */
export class Listeners implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #server: Server;
  readonly #url: string;

  static async open(): Promise<Listeners> {
    const { outputFiles } = await build({
      absWorkingDir: ROOT,
      entryPoints: ["test/campaign/crash/ear.page.ts"],
      bundle: true,
      write: false,
      format: "iife",
    });
    const script = outputFiles[0]?.text ?? "";
    const server = createServer((request, response) => {
      const isScript = request.url === "/ear.js";
      response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
      response.end(isScript ? script : "<!doctype html><script src=/ear.js></script>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the page has no address");
    const executablePath = findChromium({ wanted: process.env.CHROMIUM_PATH });
    const browser = await chromium.launch({ executablePath, args: FLAGS });
    return new Listeners({ browser, server, url: `http://localhost:${address.port}/` });
  }

  private constructor(made: { browser: Browser; server: Server; url: string }) {
    this.#browser = made.browser;
    this.#server = made.server;
    this.#url = made.url;
  }

  /** Resolves when the listener is in a call. */
  async connect(endpoint: string, callMachineUrl: string): Promise<Listener> {
    const context = await this.#browser.newContext({ permissions: ["microphone"] });
    const page = await context.newPage();
    await page.goto(this.#url);
    const sessionId = await page.evaluate(([to, machine]) => window.ear.connect(to, machine), [
      endpoint,
      callMachineUrl,
    ] as const);
    return new Listener(page, sessionId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
