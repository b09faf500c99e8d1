/** A user: Chromium with a page that runs the official client. */
import { createServer, type Server } from "node:http";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { findChromium } from "../../bot-runtime/room/chromium-path.ts";
import { ROOT } from "../../scripts/steps.ts";
import type { ClientPage } from "../e2e/client.page.ts";
import { fromS16, type Recording } from "./audio.ts";

/** What a phone's or desktop's browser would have anyway: a microphone, and leave to play sound. Loopback only. */
const FLAGS = [
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
  "--allow-loopback-in-peer-connection",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
  "--disable-background-networking",
];

export const HEARD_SAMPLE_RATE = 48_000;

export class User implements AsyncDisposable {
  readonly page: Page;
  /** Everything the page printed, for the message of a failing test. */
  readonly console: string[];
  readonly #browser: Browser;
  readonly #server: Server;

  private constructor(page: Page, console: string[], browser: Browser, server: Server) {
    this.page = page;
    this.console = console;
    this.#browser = browser;
    this.#server = server;
  }

  static async open(): Promise<User> {
    const { outputFiles } = await build({
      absWorkingDir: ROOT,
      entryPoints: ["test/e2e/client.page.ts"],
      bundle: true,
      write: false,
      format: "iife",
    });
    const script = outputFiles[0]?.text ?? "";
    const server = createServer((request, response) => {
      if (request.url === "/client.js") response.setHeader("content-type", "text/javascript").end(script);
      else
        response
          .setHeader("content-type", "text/html")
          .end("<!doctype html><script src=/client.js></script>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the page has no address");

    const browser = await chromium.launch({
      executablePath: findChromium({ wanted: process.env.CHROMIUM_PATH }),
      args: FLAGS,
    });
    const page = await (await browser.newContext({ permissions: ["microphone"] })).newPage();
    const console: string[] = [];
    page.on("console", (message) => console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => console.push(`uncaught: ${error.message}`));
    await page.goto(`http://localhost:${address.port}/`);
    return new User(page, console, browser, server);
  }

  connect(endpoint: string, bundlePathOverride: string): Promise<unknown> {
    return this.page.evaluate(([to, bundle]) => window.call.connect(to, bundle), [
      endpoint,
      bundlePathOverride,
    ] as const);
  }

  /** Says it into the microphone; resolves when it was said. */
  async speak({ sampleRate, samples }: Recording): Promise<void> {
    const pcm = Int16Array.from(samples, (sample) => Math.max(-1, Math.min(1, sample)) * 32_767);
    const base64 = Buffer.from(pcm.buffer).toString("base64");
    await this.page.evaluate(([data, rate]) => window.call.speak(data, rate), [base64, sampleRate] as const);
  }

  /** What the user has heard, from `fromMs` of it on. */
  async heard(fromMs = 0): Promise<Recording> {
    const base64 = await this.page.evaluate((from) => window.call.heard(from), fromMs);
    return { sampleRate: HEARD_SAMPLE_RATE, samples: fromS16(Buffer.from(base64, "base64")) };
  }

  heardMs(): Promise<number> {
    return this.page.evaluate(() => window.call.heardMs());
  }

  /** The place in what was heard, in ms, at which an event came. */
  async heardMsAt({ atMs }: { atMs: number }): Promise<number> {
    const sinceMs = await this.page.evaluate(() => window.call.heardSinceMs());
    if (sinceMs === undefined) throw new Error("nothing was heard yet");
    return atMs - sinceMs;
  }

  events(): Promise<ReturnType<ClientPage["events"]>> {
    return this.page.evaluate(() => window.call.events());
  }

  async eventNames(): Promise<string[]> {
    return (await this.events()).map(({ name }) => name);
  }

  /** The session's id, as the start endpoint's answer had it. */
  async sessionId(): Promise<string> {
    const started = (await this.events()).find(({ name }) => name === "botStarted");
    const { sessionId } = (started?.data ?? {}) as { sessionId?: string };
    if (sessionId === undefined) throw new Error("no session was started");
    return sessionId;
  }

  hangUp(): Promise<void> {
    return this.page.evaluate(async () => {
      await window.call.hangUp();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
