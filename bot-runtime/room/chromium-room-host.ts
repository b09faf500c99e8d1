import { describeError } from "../../protocol/log.ts";
import { BridgeServer } from "./bridge/bridge-server.ts";
import { Browser } from "./browser.ts";
import { findChromium } from "./chromium-path.ts";
import { ChromiumRoom } from "./chromium-room.ts";
import { findBuilt } from "./find-built.ts";
import { groupMemoryMb } from "./group-memory.ts";
import { IDLE_AFTER_MS, SPARE_AFTER_MS, SPARE_RETRY_MS } from "./host-limits.ts";
import type { ReplaceReason, RoomLog } from "./log-events.ts";
import { lacksPage, pageForCall, surplusPages } from "./page-plan.ts";
import { Pulse } from "./pulse.ts";
import { Revival } from "./revival.ts";
import {
  type Room,
  RoomError,
  type RoomEvents,
  type RoomHost,
  type RoomHostStats,
  type RoomOptions,
} from "./room.ts";
import { noStats } from "./room-host-stats.ts";
import { RoomPage } from "./room-page.ts";

/** A page's crash interrupts all its calls, and one AudioContext thread does the work of all: so not more. */
const DEFAULT_CALLS_PER_PAGE = 8;
export interface ChromiumRoomHostOptions {
  /** Default: `CHROMIUM_PATH`, or the usual names. */
  chromiumPath?: string | undefined;
  /** Default: with Chromium's sandbox. As root there is none. */
  sandbox?: boolean | undefined;
  /** Where Daily is emulated: the folder URL of its call machine. Without it, Daily's own. */
  callMachineUrl?: string | undefined;
  callsPerPage?: number;
  /** Keeps an empty page beside those with calls, for the calls of one that crashes. Default: no. */
  sparePage?: boolean;
  /** Calls that a page takes in its life, and a browser; and what an idle one may hold. Default: no bound. */
  pageMaxCalls?: number;
  browserMaxCalls?: number;
  browserMaxMb?: number;
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
    spare: options.sparePage ?? false,
    pageMaxCalls: options.pageMaxCalls ?? Number.POSITIVE_INFINITY,
    browserMaxCalls: options.browserMaxCalls ?? Number.POSITIVE_INFINITY,
    browserMaxMb: options.browserMaxMb ?? Number.POSITIVE_INFINITY,
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
  spare: boolean;
  pageMaxCalls: number;
  browserMaxCalls: number;
  browserMaxMb: number;
  log: RoomLog;
}

class Host implements ChromiumRoomHost {
  readonly #making: HostMaking;
  readonly #counters: RoomHostStats = noStats();
  readonly #pages = new Set<RoomPage>();
  readonly #stop = new AbortController();
  readonly #revival: Revival;
  /** The one that new calls go to. */
  #browser: Browser | undefined;
  #pulse: Pulse | undefined;
  /** Browsers that were replaced, until their last call has ended or they are closed. */
  readonly #replaced = new Set<Browser>();
  #replacing: Promise<void> | undefined;
  /** Calls that the browser has taken. */
  #calls = 0;
  #pageNumber = 0;
  #opening: Promise<RoomPage> | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(making: HostMaking) {
    this.#making = making;
    const { log } = making;
    this.#revival = new Revival({
      needed: () => !this.ready,
      revive: () => this.#revive(),
      failed: (attempt, thrown) => {
        const detail = describeError(thrown);
        log({ event: "browser.start_failed", level: "error", attempt, detail });
      },
      givenUp: (attempts) => log({ event: "browser.given_up", level: "error", attempts }),
      stop: this.#stop.signal,
    });
  }

  get ready(): boolean {
    return this.livePages.some(({ browser }) => browser === this.#browser);
  }

  get browserPid(): number | undefined {
    return this.#browser?.alive ? this.#browser.pid : undefined;
  }

  /** Pages of a browser that has just died may not know it yet. */
  get livePages(): readonly RoomPage[] {
    return [...this.#pages].filter((page) => page.live && page.browser.alive);
  }

  stats(): RoomHostStats {
    return { ...this.#counters, pages: this.#pages.size, rooms: this.#roomCount };
  }

  async start(): Promise<void> {
    await this.#useBrowser(await this.#launch());
    await this.#openPage();
  }

  async open(options: RoomOptions, events: RoomEvents, lost?: Room): Promise<Room> {
    const remains = lost instanceof ChromiumRoom ? lost.remains : undefined;
    for (;;) {
      if (this.#stop.signal.aborted) throw new RoomError("closed", "The room host is closed");
      const page = pageForCall(this.livePages);
      if (page) {
        if (page.browser === this.#browser) this.#calls++;
        const opening = page.openRoom(options, events, remains);
        this.#tidy();
        const room = await opening;
        if (remains) this.#counters.continued++;
        return room;
      }
      this.#revival.start();
      // One try and no more: a caller has other hosts to go to.
      await this.#revival.attempt;
      if (pageForCall(this.livePages)) continue;
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
    clearTimeout(this.#spareTimer);
    clearTimeout(this.#idleTimer);
    this.#pulse?.[Symbol.dispose]();
    const pages = [...this.#pages].map((page) => page.close("The room host closed"));
    this.#pages.clear();
    // At once, not after the pages: a browser that hangs would not answer, and is killed.
    await Promise.all([this.#browser, ...this.#replaced].map((browser) => browser?.close()));
    await Promise.all(pages);
    await this.#replacing;
    await this.#making.bridge.close();
    await this.#revival.settled();
  }

  get #roomCount(): number {
    return [...this.#pages].reduce((sum, page) => sum + page.roomCount, 0);
  }

  async #launch(): Promise<Browser> {
    const { chromiumPath, sandbox, callMachineUrl, bridge, log } = this.#making;
    const { origin } = bridge;
    const browser = await Browser.launch({ chromiumPath, sandbox, callMachineUrl, origin, log });
    void browser.exited.then(async ({ asked, detail, stderr }) => {
      if (asked) return;
      this.#counters.browsersLost++;
      log({ event: "browser.exited", level: "error", detail, stderr });
      // Its children and its folder are still there.
      await browser.close();
      this.#replaced.delete(browser);
      this.#revival.start();
    });
    return browser;
  }

  /** New calls go to this browser from now on. */
  async #useBrowser(browser: Browser): Promise<void> {
    if (this.#stop.signal.aborted) return browser.close();
    this.#browser = browser;
    this.#calls = 0;
    this.#watchPulse(browser);
  }

  #watchPulse(browser: Browser): void {
    this.#pulse?.[Symbol.dispose]();
    this.#pulse = new Pulse({ ping: () => browser.ping(), silent: () => this.#replace("silence") });
  }

  #openPage(): Promise<RoomPage> {
    this.#opening ??= this.#openPageIn(this.#browser).finally(() => {
      this.#opening = undefined;
      this.#tidy();
    });
    return this.#opening;
  }

  async #openPageIn(browser: Browser | undefined): Promise<RoomPage> {
    const { bridge, callMachineUrl, callsPerPage, pageMaxCalls, log } = this.#making;
    if (!browser?.alive) throw new Error("There is no browser");
    const page = await RoomPage.open({
      number: ++this.#pageNumber,
      browser,
      bridge,
      slots: callsPerPage,
      maxCalls: pageMaxCalls,
      callMachineUrl,
      counters: this.#counters,
      log,
      lost: (lostPage) => {
        this.#counters.pagesLost++;
        this.#pages.delete(lostPage);
        this.#revival.start();
        this.#tidy();
      },
      released: () => this.#tidy(),
    });
    this.#pages.add(page);
    if (this.#stop.signal.aborted) await page.close("The room host closed");
    return page;
  }

  /** Sees to it that there is a page again, with a new browser if need be. */
  async #revive(): Promise<void> {
    await this.#replacing;
    if (this.ready || (await this.#openedPage())) return;
    try {
      await this.#useBrowser(await this.#launch());
      await this.#openPage();
    } catch (thrown) {
      await this.#browser?.close();
      throw thrown;
    }
  }

  /** Whether the browser that there is had another page to give. One that had not is closed. */
  async #openedPage(): Promise<boolean> {
    const browser = this.#browser;
    if (!browser?.alive) return false;
    try {
      await this.#openPage();
      return true;
    } catch {
      // A browser that dies is often heard of by its pages first.
      if (browser.alive) await browser.close();
      return false;
    }
  }

  /** Closes what is not needed, and orders what will be. */
  #tidy(): void {
    if (this.#stop.signal.aborted) return;
    const { spare } = this.#making;
    const current = [...this.#pages].filter(({ browser }) => browser === this.#browser);
    const surplus = surplusPages(current, { spare });
    const old = [...this.#pages].filter(
      ({ browser, roomCount }) => this.#replaced.has(browser) && roomCount === 0,
    );
    for (const page of [...surplus, ...old]) {
      this.#pages.delete(page);
      void page.close("No longer needed");
    }
    const inUse = new Set([...this.#pages].map(({ browser }) => browser));
    for (const browser of this.#replaced) {
      if (inUse.has(browser)) continue;
      this.#replaced.delete(browser);
      void browser.close();
    }
    if (this.ready && lacksPage(current, { spare })) this.#orderPage(SPARE_AFTER_MS);
    this.#watchIdleness();
  }

  /** Opens a page after a while, if it is still missing then. */
  #orderPage(afterMs: number): void {
    this.#spareTimer ??= setTimeout(async () => {
      this.#spareTimer = undefined;
      const current = this.livePages.filter(({ browser }) => browser === this.#browser);
      if (!lacksPage(current, this.#making)) return;
      try {
        await this.#openPage();
      } catch (thrown) {
        if (this.#stop.signal.aborted) return;
        this.#making.log({ event: "page.start_failed", level: "error", detail: describeError(thrown) });
        this.#orderPage(SPARE_RETRY_MS);
      }
    }, afterMs).unref();
  }

  #watchIdleness(): void {
    clearTimeout(this.#idleTimer);
    if (this.#roomCount > 0 || this.#calls === 0) return;
    this.#idleTimer = setTimeout(() => void this.#lookAtIdle(), IDLE_AFTER_MS).unref();
  }

  /** A browser grows with its calls, whatever we close: one that has is replaced when nobody is in it. */
  async #lookAtIdle(): Promise<void> {
    const { browserMaxCalls, browserMaxMb } = this.#making;
    const browser = this.#browser;
    if (!browser?.alive) return;
    if (this.#calls >= browserMaxCalls) return this.#replace("calls");
    if (browserMaxMb === Number.POSITIVE_INFINITY) return;
    const memoryMb = await groupMemoryMb(browser.pid);
    if (this.#browser !== browser || this.#roomCount > 0) return;
    if (memoryMb !== undefined && memoryMb > browserMaxMb) this.#replace("memory", memoryMb);
  }

  #replace(why: ReplaceReason, memoryMb?: number): void {
    if (this.#replacing || this.#stop.signal.aborted) return;
    this.#replacing = this.#replaceBrowser(why, memoryMb).finally(() => {
      this.#replacing = undefined;
      this.#tidy();
    });
  }

  /** The new one is ready before the old one takes no calls any more; those that it has go on to their end. */
  async #replaceBrowser(why: ReplaceReason, memoryMb: number | undefined): Promise<void> {
    const { log } = this.#making;
    const startedAt = performance.now();
    const old = this.#browser;
    const calls = this.#calls;
    let browser: Browser | undefined;
    try {
      browser = await this.#launch();
      await this.#openPageIn(browser);
    } catch (thrown) {
      await browser?.close();
      if (this.#stop.signal.aborted) return;
      log({ event: "browser.replace_failed", level: "warn", why, detail: describeError(thrown) });
      if (old?.alive) this.#watchPulse(old);
      return;
    }
    if (old?.alive) this.#replaced.add(old);
    for (const page of this.#pages) if (page.browser === old) page.retire();
    await this.#useBrowser(browser);
    this.#counters.browsersReplaced++;
    const memory = memoryMb === undefined ? {} : { memoryMb };
    const startMs = Math.round(performance.now() - startedAt);
    log({ event: "browser.replaced", why, calls, ...memory, startMs });
  }
}
