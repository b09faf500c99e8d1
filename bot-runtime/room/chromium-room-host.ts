import { describeError } from "../../protocol/log.ts";
import { BridgeServer } from "./bridge/bridge-server.ts";
import { Browser } from "./browser.ts";
import { findChromium } from "./chromium-path.ts";
import { findBuilt } from "./find-built.ts";
import type { RoomLog } from "./log-events.ts";
import {
  type Room,
  RoomError,
  type RoomEvents,
  type RoomHost,
  type RoomHostStats,
  type RoomOptions,
} from "./room.ts";
import { RoomPage } from "./room-page.ts";

/** A page's crash ends all its calls, and one AudioContext thread does the work of all: so not more. */
const DEFAULT_CALLS_PER_PAGE = 8;
/** Tries in a row to get a page again; then the host stays down and its health says so. */
const MAX_REVIVALS = 10;
const REVIVAL_FIRST_MS = 250;
const REVIVAL_MAX_MS = 15_000;
/** A page that lived this long was well: what comes after is not the same trouble. */
const REVIVAL_FORGOTTEN_MS = 60_000;

export interface ChromiumRoomHostOptions {
  /** Default: `CHROMIUM_PATH`, or the usual names. */
  chromiumPath?: string | undefined;
  /** Default: with Chromium's sandbox. As root there is none. */
  sandbox?: boolean | undefined;
  /** Where Daily is emulated: the folder URL of its call machine. Without it, Daily's own. */
  callMachineUrl?: string | undefined;
  callsPerPage?: number;
  /** The built page; for tests. */
  assetsFolder?: string;
  log: RoomLog;
}

export interface ChromiumRoomHost extends RoomHost {
  /** The browser's process, while there is one. */
  readonly browserPid: number | undefined;
  /** The pages that live, for tests and diagnosis. */
  readonly livePages: readonly RoomPage[];
}

/**
 * Starts a Chromium with one warm page.
 * @throws Error with a sentence when there is no Chromium, it does not start, or the page is not built
 */
export async function createChromiumRoomHost(options: ChromiumRoomHostOptions): Promise<ChromiumRoomHost> {
  const chromiumPath = findChromium({ wanted: options.chromiumPath ?? process.env.CHROMIUM_PATH });
  const assetsFolder = options.assetsFolder ?? findBuilt("bot-page");
  const bridge = await BridgeServer.start({ assetsFolder, log: options.log });
  const host = new Host({
    bridge,
    chromiumPath,
    sandbox: options.sandbox,
    callMachineUrl: options.callMachineUrl,
    callsPerPage: options.callsPerPage ?? DEFAULT_CALLS_PER_PAGE,
    log: options.log,
  });
  try {
    await host.start();
    return host;
  } catch (thrown) {
    await host.close();
    throw thrown;
  }
}

interface HostMaking {
  bridge: BridgeServer;
  chromiumPath: string;
  sandbox: boolean | undefined;
  callMachineUrl: string | undefined;
  callsPerPage: number;
  log: RoomLog;
}

class Host implements ChromiumRoomHost {
  readonly #making: HostMaking;
  readonly #counters: RoomHostStats = {
    pages: 0,
    rooms: 0,
    framesIn: 0,
    framesOut: 0,
    framesLost: 0,
    maxGapMs: 0,
  };
  readonly #pages = new Set<RoomPage>();
  readonly #stop = new AbortController();
  #browser: Browser | undefined;
  #pageNumber = 0;
  #opening: Promise<RoomPage> | undefined;
  #reviving: Promise<void> | undefined;
  /** The one try of reviving that is under way. It never rejects. */
  #attempt: Promise<void> | undefined;
  #revivals = 0;
  #revivedAt = 0;
  #closing: Promise<void> | undefined;

  constructor(making: HostMaking) {
    this.#making = making;
  }

  get ready(): boolean {
    return this.livePages.length > 0;
  }

  get browserPid(): number | undefined {
    return this.#browser?.alive ? this.#browser.pid : undefined;
  }

  get livePages(): readonly RoomPage[] {
    return [...this.#pages].filter((page) => page.live);
  }

  stats(): RoomHostStats {
    const rooms = [...this.#pages].reduce((sum, page) => sum + page.roomCount, 0);
    return { ...this.#counters, pages: this.#pages.size, rooms };
  }

  async start(): Promise<void> {
    await this.#launch();
    await this.#openPage();
    this.#revivedAt = performance.now();
  }

  async open(options: RoomOptions, events: RoomEvents): Promise<Room> {
    for (;;) {
      if (this.#stop.signal.aborted) throw new RoomError("closed", "The room host is closed");
      const page = this.#fullestWithRoom();
      if (page) return page.openRoom(options, events);
      // One try and no more: a caller has other hosts to go to.
      await this.#attempt;
      if (this.#fullestWithRoom()) continue;
      if (!this.#browser?.alive) throw new RoomError("lost", "There is no browser");
      try {
        await this.#openPage();
      } catch (cause) {
        this.#making.log({ event: "page.start_failed", level: "error", detail: describeError(cause) });
        throw new RoomError("lost", "No page could be opened", { cause });
      }
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    const pages = [...this.#pages].map((page) => page.close("The room host closed"));
    this.#pages.clear();
    // At once, not after the pages: a browser that hangs would not answer, and is killed.
    await this.#browser?.close();
    await Promise.all(pages);
    await this.#making.bridge.close();
    await this.#reviving;
  }

  /** Calls are packed, so that pages that were opened for a peak become empty again. */
  #fullestWithRoom(): RoomPage | undefined {
    return this.livePages
      .filter((page) => page.freeSlots > 0)
      .sort((a, b) => a.freeSlots - b.freeSlots || a.number - b.number)[0];
  }

  async #launch(): Promise<void> {
    const { chromiumPath, sandbox, callMachineUrl, bridge, log } = this.#making;
    const { origin } = bridge;
    const browser = await Browser.launch({ chromiumPath, sandbox, callMachineUrl, origin, log });
    if (this.#stop.signal.aborted) return browser.close();
    this.#browser = browser;
    void browser.exited.then(async ({ asked, detail, stderr }) => {
      if (asked) return;
      log({ event: "browser.exited", level: "error", detail, stderr });
      // Its children and its folder are still there.
      await browser.close();
      this.#revive();
    });
  }

  #openPage(): Promise<RoomPage> {
    this.#opening ??= this.#openOnePage().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #openOnePage(): Promise<RoomPage> {
    const { bridge, callMachineUrl, callsPerPage, log } = this.#making;
    const browser = this.#browser;
    if (!browser?.alive) throw new Error("There is no browser");
    const page = await RoomPage.open({
      number: ++this.#pageNumber,
      browser,
      bridge,
      slots: callsPerPage,
      callMachineUrl,
      counters: this.#counters,
      log,
      lost: (lostPage) => {
        this.#pages.delete(lostPage);
        this.#revive();
      },
      released: (idle) => this.#closeSurplus(idle),
    });
    this.#pages.add(page);
    if (this.#stop.signal.aborted) await page.close("The room host closed");
    return page;
  }

  /** An empty page goes when another one has room: one warm page is enough. */
  #closeSurplus(page: RoomPage): void {
    const spare = this.livePages.some((other) => other !== page && other.freeSlots > 0);
    if (page.roomCount > 0 || !spare) return;
    this.#pages.delete(page);
    void page.close("No longer needed");
  }

  /** Sees to it that there is a page again, with a new browser if need be. */
  #revive(): void {
    if (this.#reviving || this.ready || this.#stop.signal.aborted) return;
    if (performance.now() - this.#revivedAt > REVIVAL_FORGOTTEN_MS) this.#revivals = 0;
    this.#reviving = this.#tryToRevive().finally(() => {
      this.#reviving = undefined;
      // It may have been lost again before we were done.
      if (this.#revivals < MAX_REVIVALS) this.#revive();
    });
  }

  async #tryToRevive(): Promise<void> {
    while (!this.ready && !this.#stop.signal.aborted) {
      if (this.#revivals >= MAX_REVIVALS) {
        this.#making.log({ event: "browser.given_up", level: "error", attempts: this.#revivals });
        return;
      }
      this.#attempt = this.#attemptToRevive(++this.#revivals);
      await this.#attempt;
    }
  }

  async #attemptToRevive(attempt: number): Promise<void> {
    const waitMs = Math.min(REVIVAL_FIRST_MS * 2 ** (attempt - 1), REVIVAL_MAX_MS);
    if (attempt > 1) await this.#wait(waitMs);
    if (this.#stop.signal.aborted) return;
    try {
      if (!this.#browser?.alive) await this.#launch();
      await this.#openPage();
      this.#revivedAt = performance.now();
    } catch (thrown) {
      if (this.#stop.signal.aborted) return;
      const detail = describeError(thrown);
      this.#making.log({ event: "browser.start_failed", level: "error", attempt, detail });
      await this.#browser?.close();
    }
  }

  /** Ends early when the host closes. */
  #wait(ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
    });
  }
}
