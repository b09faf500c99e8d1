import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { type WebSocket, WebSocketServer } from "ws";
import { Browser } from "../../../bot-runtime/room/browser.ts";
import { findChromium } from "../../../bot-runtime/room/chromium-path.ts";
import { ROOT } from "../../../scripts/steps.ts";
import { BenchPage } from "./bench-page.ts";

/** A new tab loads a script or two from this machine. */
const OPENS_WITHIN_MS = 20_000;

export interface BenchBrowserOptions {
  /** The page's script: `bench/…/some.page.ts`, which calls `serve`. */
  entry: string;
  /** The Daily emulator's. */
  callMachineUrl: string;
  /** For Chromium, beside those that the bot's Chromium gets. */
  flags?: string[];
}

/**
 * A Chromium of a benchmark's own, with the same flags as the bot's and driven as lightly, so that what one of them
 * costs can be set against the other.
 */
export class BenchBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #origin: string;
  readonly #folder: string;
  readonly #opening = new Map<string, (socket: WebSocket) => void>();
  #pages = 0;

  static async open({ entry, callMachineUrl, flags = [] }: BenchBrowserOptions): Promise<BenchBrowser> {
    const scripts = await bundle(entry);
    const folder = await mkdtemp(join(tmpdir(), "chat-vrd-bench-browser-"));
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://localhost").pathname;
      const script = scripts.get(path);
      response.writeHead(200, { "content-type": script === undefined ? "text/html" : "text/javascript" });
      response.end(script ?? "<!doctype html><script src=/page.js></script>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the page has no address");
    const origin = `http://127.0.0.1:${address.port}`;
    try {
      const browser = await Browser.launch({
        chromiumPath: await chromiumWith(flags, folder),
        callMachineUrl,
        origin,
        log: () => {},
      });
      return new BenchBrowser({ browser, server, origin, folder });
    } catch (error) {
      server.close();
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  private constructor(made: { browser: Browser; server: Server; origin: string; folder: string }) {
    this.#browser = made.browser;
    this.#server = made.server;
    this.#origin = made.origin;
    this.#folder = made.folder;
    this.#sockets = new WebSocketServer({ server: made.server });
    this.#sockets.on("connection", (socket, request) => {
      const name = new URL(request.url ?? "/", this.#origin).searchParams.get("page") ?? "";
      const opened = this.#opening.get(name);
      this.#opening.delete(name);
      if (opened === undefined) socket.terminate();
      else opened(socket);
    });
  }

  /** Of the browser's first process; the others are below it. */
  get pid(): number {
    return this.#browser.pid;
  }

  /** A tab. @throws Error when it does not load */
  async newPage<Api, Event>(): Promise<BenchPage<Api, Event>> {
    this.#pages += 1;
    const name = String(this.#pages);
    const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
    const late = setTimeout(() => reject(new Error("The page did not load")), OPENS_WITHIN_MS);
    this.#opening.set(name, resolve);
    try {
      const tab = await this.#browser.open(`${this.#origin}/?page=${name}`, {
        gone: (detail) => reject(new Error(detail)),
      });
      return new BenchPage<Api, Event>({ socket: await promise, tab });
    } finally {
      clearTimeout(late);
      this.#opening.delete(name);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The page's script and the worklet's, by path. */
async function bundle(entry: string): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: { page: entry, "sound.worklet": "bench/common/page/sound.worklet.ts" },
    outdir: "/",
    bundle: true,
    write: false,
    format: "iife",
    target: "chrome130",
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
}

/** The bot's own launcher takes no more flags; a program that adds them is a Chromium like any other. */
async function chromiumWith(flags: string[], folder: string): Promise<string> {
  const chromium = findChromium({ wanted: process.env.CHROMIUM_PATH });
  if (flags.length === 0) return chromium;
  const path = join(folder, "chromium-with-flags");
  await writeFile(path, `#!/bin/sh\nexec '${chromium}' "$@" ${flags.map((flag) => `'${flag}'`).join(" ")}\n`);
  await chmod(path, 0o755);
  return path;
}
