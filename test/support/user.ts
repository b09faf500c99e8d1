/** A user: Chromium with a page that runs the official client. */
import { createServer, type Server } from "node:http";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { findChromium } from "../../bot-runtime/room/chromium-path.ts";
import type { ClientPage, RequestData } from "../e2e/client.page.ts";
import { fromS16, type Recording } from "./audio.ts";
import { bundleClient, type ClientVersions, type TransportVersion } from "./client-bundle.ts";

/** What a phone's or desktop's browser would have anyway: a microphone, and leave to play sound. Loopback only. */
const FLAGS = [
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
  "--allow-loopback-in-peer-connection",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
  "--disable-background-networking",
];

/** Lines kept of what a page prints. */
const MAX_CONSOLE_LINES = 500;

export const HEARD_SAMPLE_RATE = 48_000;

/** A Chromium in which users have their tabs. */
export class UserBrowser implements AsyncDisposable {
  /** The releases of the client that the pages are made of. */
  readonly bundled: ClientVersions;
  readonly #browser: Browser;
  readonly #server: Server;
  readonly #url: string;

  static async open({ transport }: { transport?: TransportVersion } = {}): Promise<UserBrowser> {
    const { script, versions } = await bundleClient(transport);
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
    return new UserBrowser({ bundled: versions, browser, server, url: `http://localhost:${address.port}/` });
  }

  private constructor(made: { bundled: ClientVersions; browser: Browser; server: Server; url: string }) {
    this.bundled = made.bundled;
    this.#browser = made.browser;
    this.#server = made.server;
    this.#url = made.url;
  }

  /** A user with a tab, and a profile, of their own. Closing it is closing the tab, whatever runs in it. */
  async newUser(): Promise<User> {
    const context = await this.#browser.newContext({ permissions: ["microphone"] });
    return this.#openTab(context, () => context.close());
  }

  /** A user whose end is the end of this browser too. */
  async onlyUser(): Promise<User> {
    const context = await this.#browser.newContext({ permissions: ["microphone"] });
    return this.#openTab(context, () => this[Symbol.asyncDispose]());
  }

  async #openTab(context: BrowserContext, close: () => Promise<void>): Promise<User> {
    const page = await context.newPage();
    const console: string[] = [];
    page.on("console", (message) => {
      console.push(`${message.type()}: ${message.text()}`);
      if (console.length > MAX_CONSOLE_LINES) console.shift();
    });
    page.on("pageerror", (error) => console.push(`uncaught: ${error.message}`));
    await page.goto(this.#url);
    return new User({ page, bundled: this.bundled, console, close });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export class User implements AsyncDisposable {
  readonly page: Page;
  /** The releases of the client that the page was made of. */
  readonly bundled: ClientVersions;
  /** The newest lines that the page printed, for the message of a failing test. */
  readonly console: string[];
  readonly #close: () => Promise<void>;

  constructor(made: { page: Page; bundled: ClientVersions; console: string[]; close: () => Promise<void> }) {
    this.page = made.page;
    this.bundled = made.bundled;
    this.console = made.console;
    this.#close = made.close;
  }

  /** A user with a Chromium of their own. */
  static async open(options: { transport?: TransportVersion } = {}): Promise<User> {
    return (await UserBrowser.open(options)).onlyUser();
  }

  /** `requestData` is the body of the start request, if there is to be one. */
  connect(endpoint: string, callMachineUrl: string, requestData?: RequestData): Promise<unknown> {
    return this.page.evaluate(([to, machine, data]) => window.call.connect(to, machine, data), [
      endpoint,
      callMachineUrl,
      requestData,
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

  /** Names of all events that this release of the client knows. */
  knownEvents(): Promise<string[]> {
    return this.page.evaluate(() => window.call.knownEvents());
  }

  /** The releases that run in the page, as they say themselves. */
  versions(): Promise<ReturnType<ClientPage["versions"]>> {
    return this.page.evaluate(() => window.call.versions());
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

  /** Drops what the page remembers of a call that is over. */
  forget(): Promise<void> {
    return this.page.evaluate(() => window.call.forget());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
