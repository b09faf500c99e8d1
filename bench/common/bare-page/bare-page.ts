import { setTimeout as sleep } from "node:timers/promises";
import { fromS16, type Recording } from "../../../test/support/audio.ts";
import { nowMs } from "../clock.ts";
import { BenchBrowser } from "../page/bench-browser.ts";
import type { BenchPage } from "../page/bench-page.ts";
import { toWav } from "../wav.ts";
import type { BareApi, BareEvent, BareJoin } from "./bare.page.ts";

export type { BareEvent } from "./bare.page.ts";

/** Longer than a pause between words. */
const DEFAULT_HOLD_MS = 300;
const CLOCK_QUESTIONS = 20;
const CLOCK_PAUSE_MS = 5;

/** A Chromium with bare daily-js pages, one call each. */
export class BareBrowser implements AsyncDisposable {
  readonly #browser: BenchBrowser;
  readonly #callMachineUrl: string;

  static async open({ callMachineUrl }: { callMachineUrl: string }): Promise<BareBrowser> {
    const browser = await BenchBrowser.open({ entry: "bench/common/bare-page/bare.page.ts", callMachineUrl });
    return new BareBrowser(browser, callMachineUrl);
  }

  private constructor(browser: BenchBrowser, callMachineUrl: string) {
    this.#browser = browser;
    this.#callMachineUrl = callMachineUrl;
  }

  /** Of the browser's first process; the others are below it (`sampleTree`). */
  get pid(): number {
    return this.#browser.pid;
  }

  async newPage(): Promise<BarePage> {
    const page = await this.#browser.newPage<BareApi, BareEvent>();
    await page.call("prepared");
    return new BarePage(page, this.#callMachineUrl);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#browser[Symbol.asyncDispose]();
  }
}

export interface JoinOptions extends Omit<BareJoin, "callMachineUrl" | "holdMs" | "record"> {
  /** Pauses that are shorter are no silence (300). */
  holdMs?: number;
  /** Keep all that is heard, for `sound`. */
  record?: boolean;
}

export interface Heard extends Recording {
  /** When its first sample was heard, in epoch milliseconds. */
  startsAtMs: number;
  /** Samples that the page's audio thread did not deliver: silence stands for them. */
  missing: number;
}

/** A participant of a call, in a tab. All times are epoch milliseconds with their fractions. */
export class BarePage implements AsyncDisposable {
  /** For what is not offered here. */
  readonly page: BenchPage<BareApi, BareEvent>;
  readonly #callMachineUrl: string;

  constructor(page: BenchPage<BareApi, BareEvent>, callMachineUrl: string) {
    this.page = page;
    this.#callMachineUrl = callMachineUrl;
  }

  /** The newest events, in the order in which they came. */
  get events(): readonly BareEvent[] {
    return this.page.events;
  }

  join({ holdMs = DEFAULT_HOLD_MS, record = false, ...join }: JoinOptions) {
    return this.page.call("join", { ...join, holdMs, record, callMachineUrl: this.#callMachineUrl });
  }

  /** Resolves once all of it was said, with when its first sample left the mouth. */
  say(sound: Recording): Promise<number> {
    return this.page.call("say", toWav(sound).toString("base64"));
  }

  /** Says it over and over without a gap, until told to stop or to repeat something else. */
  repeat(sound: Recording): Promise<void> {
    return this.page.call("repeat", toWav(sound).toString("base64"));
  }

  stopRepeating(): Promise<void> {
    return this.page.call("stopRepeating");
  }

  send(data: unknown): Promise<void> {
    return this.page.call("send", data);
  }

  /** The next event of that type from now on. @throws Error when none comes in time */
  next<Type extends BareEvent["type"]>(
    type: Type,
    withinMs: number,
    which: (event: Extract<BareEvent, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<BareEvent, { type: Type }>> {
    type Wanted = Extract<BareEvent, { type: Type }>;
    // It is one of that type, which is asked first.
    const wanted = (event: BareEvent): event is Wanted => event.type === type && which(event as Wanted);
    return this.page.next(wanted, withinMs, type);
  }

  /** Everything that it heard since it joined with `record`. @throws Error when it did not */
  async sound(): Promise<Heard> {
    const sound = await this.page.call("sound");
    if (sound === undefined) throw new Error("Nothing was heard");
    const { startsAtMs, sampleRate, missing, base64 } = sound;
    return { startsAtMs, sampleRate, missing, samples: fromS16(Buffer.from(base64, "base64")) };
  }

  /** WebRTC's own words on each sound that comes in (`inbound-rtp`). */
  received(): Promise<Record<string, unknown>[]> {
    return this.page.call("received");
  }

  /** How often the clock of its sound could not be trusted. */
  clockSlips(): Promise<number> {
    return this.page.call("clockSlips");
  }

  /**
   * How far this page's clock is ahead of ours, and how far that may be wrong: asked over and over, the quickest
   * answer tells it best.
   */
  async clockOffset(): Promise<{ offsetMs: number; withinMs: number }> {
    let best = { offsetMs: 0, withinMs: Number.POSITIVE_INFINITY };
    for (let count = 0; count < CLOCK_QUESTIONS; count += 1) {
      const askedAt = nowMs();
      const there = await this.page.call("nowMs");
      const answeredAt = nowMs();
      const withinMs = (answeredAt - askedAt) / 2;
      if (withinMs < best.withinMs) best = { offsetMs: there - (askedAt + answeredAt) / 2, withinMs };
      await sleep(CLOCK_PAUSE_MS);
    }
    return best;
  }

  leave(): Promise<void> {
    return this.page.call("leave");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.page[Symbol.asyncDispose]();
  }
}
