import { type ChildProcess, spawn } from "node:child_process";
import { Readable, Writable } from "node:stream";
import { describeError } from "../../protocol/log.ts";
import { browserEnvironment } from "./browser-environment.ts";
import { CdpConnection } from "./cdp.ts";
import { chromiumFlags } from "./chromium-flags.ts";
import { LastWords } from "./last-words.ts";
import type { RoomLog } from "./log-events.ts";
import { makeProfileFolder, removeProfileFolder, removeStaleProfileFolders } from "./profile-folder.ts";

/** How long it may take to close itself before its whole process group is killed. It needs a tenth of it. */
const CLOSE_MAX_MS = 1_000;
/** How long the killed processes may take to be gone. */
const KILL_MAX_MS = 3_000;

export interface BrowserOptions {
  chromiumPath: string;
  /** Whether Chromium's own sandbox is wanted; the default is yes. As root there is none. */
  sandbox?: boolean | undefined;
  callMachineUrl: string | undefined;
  /** The origin of our pages, which gets the microphone: without that permission ICE has no usable address. */
  origin: string;
  log: RoomLog;
}

/** What becomes of an opened tab, whatever the cause. */
export interface TabWatch {
  gone(detail: string): void;
}

export interface Tab {
  /** Runs a script in the tab, for tests and diagnosis. */
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

/** A running Chromium. It dies with this process, since it is driven by a pipe. */
export class Browser {
  readonly pid: number;
  /** Resolves when the process is gone. `asked`: by our `close`. */
  readonly exited: Promise<{ asked: boolean; detail: string; stderr: string[] }>;
  /** Resolves when no process of the browser holds our pipes any more, so that none of them lives. */
  readonly #released: Promise<unknown>;
  readonly #cdp: CdpConnection;
  readonly #folder: string;
  readonly #log: RoomLog;
  readonly #lastWords: LastWords;
  readonly #tabs = new Map<string, TabWatch>();
  #alive = true;
  #closing: Promise<void> | undefined;

  /** @throws Error when it does not start; nothing is left of it then */
  static async launch(options: BrowserOptions): Promise<Browser> {
    const startedAt = performance.now();
    await removeStaleProfileFolders();
    const folder = await makeProfileFolder();
    const sandbox = (options.sandbox ?? true) && process.getuid?.() !== 0;
    const flags = chromiumFlags({
      userDataDir: folder,
      sandbox,
      callMachineUrl: options.callMachineUrl,
    });
    // Its own process group, so that a Ctrl-C is ours to handle and its children can be killed with it.
    const child = spawn(options.chromiumPath, flags, {
      detached: true,
      env: browserEnvironment(process.env, folder),
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    });
    // Also heard of later, when a signal cannot be sent: it must have a listener.
    const failed = new Promise<Error>((resolve) => child.on("error", resolve));
    if (child.pid === undefined) {
      await removeProfileFolder(folder);
      throw startError(await failed);
    }
    const browser = new Browser({ child, pid: child.pid, folder, log: options.log });
    try {
      const { product } = await browser.#cdp.send("Browser.getVersion", undefined);
      await browser.#cdp.send("Browser.grantPermissions", {
        origin: options.origin,
        permissions: ["audioCapture"],
      });
      await browser.#cdp.send("Target.setDiscoverTargets", { discover: true });
      const startMs = Math.round(performance.now() - startedAt);
      options.log({ event: "browser.started", pid: browser.pid, product, sandbox, startMs });
      return browser;
    } catch (thrown) {
      await browser.close();
      throw startError(thrown, browser.#lastWords.lines);
    }
  }

  private constructor(made: { child: ChildProcess; pid: number; folder: string; log: RoomLog }) {
    this.pid = made.pid;
    this.#folder = made.folder;
    this.#log = made.log;
    const [, , stderr, input, output] = made.child.stdio;
    if (!(stderr instanceof Readable && input instanceof Writable && output instanceof Readable)) {
      throw new TypeError("The browser was spawned without its pipes");
    }
    const words = new LastWords(stderr);
    this.#lastWords = words;
    this.#cdp = new CdpConnection(input, output);
    this.#cdp.listen((event) => {
      switch (event.method) {
        case "Target.targetCrashed":
        case "Target.targetDestroyed": {
          const { targetId } = event.params as { targetId: string };
          const watch = this.#tabs.get(targetId);
          this.#tabs.delete(targetId);
          watch?.gone(event.method === "Target.targetCrashed" ? "The page crashed" : "The page was closed");
        }
      }
    });
    this.#released = new Promise((resolve) => made.child.once("close", resolve));
    // What we started may be a script that outlives the browser, for a while or, when that is stuck, for long.
    void this.#cdp.ended.then(() => {
      if (this.#closing || !this.#alive) return;
      this.#gone("The browser closed its pipe");
      this.#kill();
    });
    this.exited = new Promise((resolve) => {
      made.child.once("exit", (code, signal) => {
        const detail = signal === null ? `code ${code}` : `signal ${signal}`;
        this.#gone(`The browser exited with ${detail}`);
        this.#cdp.close(new Error("The browser exited"));
        resolve({ asked: this.#closing !== undefined, detail, stderr: words.lines });
      });
    });
  }

  /** No tab answers any more. */
  #gone(detail: string): void {
    this.#alive = false;
    for (const watch of this.#tabs.values()) watch.gone(detail);
    this.#tabs.clear();
  }

  get alive(): boolean {
    return this.#alive && this.#closing === undefined;
  }

  /** Whether its main process answers. @throws Error when it does not, after a while */
  async ping(): Promise<void> {
    await this.#cdp.send("Browser.getVersion", undefined);
  }

  /** Opens a tab. `watch.gone` is called once if it goes away other than by its own `close`. */
  async open(url: string, watch: TabWatch): Promise<Tab> {
    const { targetId } = await this.#cdp.send("Target.createTarget", { url });
    this.#tabs.set(targetId, watch);
    return {
      evaluate: (expression) => this.#evaluate(targetId, expression),
      close: async () => {
        this.#tabs.delete(targetId);
        // It may be gone already, which is as good.
        await this.#cdp.send("Target.closeTarget", { targetId }).catch(() => undefined);
      },
    };
  }

  /** Ends the browser with its tabs and all its processes, and removes its folder. Idempotent, and never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const timer = setTimeout(() => this.#kill(), CLOSE_MAX_MS);
    this.#cdp.send("Browser.close", undefined).catch(() => undefined);
    await this.exited;
    clearTimeout(timer);
    this.#kill();
    const late = new Promise((resolve) => setTimeout(resolve, KILL_MAX_MS).unref());
    await Promise.race([this.#released, late]);
    try {
      await removeProfileFolder(this.#folder);
    } catch (thrown) {
      this.#log({ event: "browser.folder_left", level: "warn", detail: describeError(thrown) });
    }
  }

  async #evaluate(targetId: string, expression: string): Promise<unknown> {
    const { sessionId } = await this.#cdp.send("Target.attachToTarget", { targetId, flatten: true });
    const reply = await this.#cdp.send(
      "Runtime.evaluate",
      { expression, awaitPromise: true, returnByValue: true },
      sessionId,
    );
    await this.#cdp.send("Target.detachFromTarget", { sessionId });
    if (reply.exceptionDetails) throw new Error(`The script threw: ${reply.exceptionDetails.text}`);
    return reply.result.value;
  }

  #kill(): void {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch (thrown) {
      // The whole group is gone already.
      if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
    }
  }
}

function startError(cause: unknown, stderr: string[] = []): Error {
  return new Error(["Chromium did not start", describeError(cause), ...stderr].join(": "), { cause });
}
