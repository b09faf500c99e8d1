/**
 * What latency, turn and barge-in are measured on: the whole product, its bot in a process that is timed, users that
 * are bare pages in a browser of their own, and beside the calls two bare pages that talk to each other.
 */
import { type Stack, startStack } from "../../../test/support/stack.ts";
import { BareBrowser, type BarePage } from "../../common/bare-page/bare-page.ts";
import type { BenchOptions } from "../../common/bench.ts";
import { BotCalls } from "../../common/talkers/bot-calls.ts";
import { phaseOf } from "../../common/talkers/speech.ts";
import { Talkers } from "../../common/talkers/talkers.ts";
import type { StampsSeen } from "../stamps/stamps-line.ts";
import { type BarePair, joinPair } from "./bare-pair.ts";
import { type BotCall, startCall } from "./bot-call.ts";
import { Clocks } from "./clocks.ts";
import { GeminiControl } from "./gemini-control.ts";
import { stampedBot } from "./stamped-bot.ts";

/** What is answered where no answer matters, such as the greeting. Not silence: a bot takes that for a fault. */
const SHORT_ANSWER = { kind: "tone", hz: 440, durationMs: 150, level: 0.1 } as const;

/** Of the other calls' users: cheap, since they are not what is measured. */
const TALKERS_PER_PAGE = 16;

export interface RigOptions {
  /** The most calls at one time. */
  calls: number;
  /** So long the bot's Node holds each message to and from Gemini. */
  plantedMs: number;
  options: Pick<BenchOptions, "progress" | "signal">;
}

/** Measures on a rig, which is gone afterwards. @throws what `measure` throws, with what the programs have said */
export async function withRig<Result>(
  options: RigOptions,
  measure: (rig: Rig) => Promise<Result>,
): Promise<Result> {
  await using rig = await Rig.start(options);
  try {
    return await measure(rig);
  } catch (cause) {
    if (options.options.signal.aborted) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${detail}\n${rig.transcript()}`, { cause });
  }
}

export class Rig implements AsyncDisposable {
  readonly gemini: GeminiControl;
  readonly stamps: StampsSeen;
  /** Of all pages that were opened. */
  readonly clocks = new Clocks();
  readonly #stack: Stack;
  readonly #users: BareBrowser;
  readonly #far: BareBrowser;
  readonly #owned: AsyncDisposableStack;
  #others: { talkers: Talkers; calls: BotCalls; count: number } | undefined;

  static async start({ calls, plantedMs, options }: RigOptions): Promise<Rig> {
    const { progress, signal } = options;
    await using owned = new AsyncDisposableStack();
    progress("starting the product");
    const bot = stampedBot(plantedMs);
    const stack = owned.use(
      await startStack({
        startBot: bot.start,
        botSettings: { BOT_CAPACITY: String(calls), MAX_LOOP_LAG_MS: "0" },
      }),
    );
    signal.throwIfAborted();
    progress("starting the browsers");
    const callMachineUrl = `${stack.daily.url}/call-machine`;
    const [users, far] = await Promise.all([
      BareBrowser.open({ callMachineUrl }).then((browser) => owned.use(browser)),
      BareBrowser.open({ callMachineUrl }).then((browser) => owned.use(browser)),
    ]);
    signal.throwIfAborted();
    const gemini = new GeminiControl(stack.gemini.url);
    return new Rig({ gemini, stamps: bot.stamps, stack, users, far, owned: owned.move() });
  }

  private constructor(made: {
    gemini: GeminiControl;
    stamps: StampsSeen;
    stack: Stack;
    users: BareBrowser;
    far: BareBrowser;
    owned: AsyncDisposableStack;
  }) {
    this.gemini = made.gemini;
    this.stamps = made.stamps;
    this.#stack = made.stack;
    this.#users = made.users;
    this.#far = made.far;
    this.#owned = made.owned;
  }

  /**
   * A call, with a greeting that is over. Each is another sample: how render quanta, packets and the buffers of a
   * connection lie to each other is settled when it begins, and stays for as long as it lasts.
   */
  async openCall(): Promise<BotCall> {
    await this.gemini.answer(SHORT_ANSWER);
    const page = await this.#users.newPage();
    const call = await startCall({ edgeUrl: this.#stack.edge.url, gemini: this.gemini }, page);
    return this.#watched(call, [call.page]);
  }

  /** Not in a call with a bot: the floor. */
  async openPair(): Promise<BarePair> {
    const pair = await joinPair(this.#stack.daily.url, { near: this.#users, far: this.#far });
    return this.#watched(pair, [pair.near, pair.far]);
  }

  /** Sees to it that so many other calls go on beside, in which both sides speak for half of the time. */
  async othersTalk(count: number, { signal }: Pick<BenchOptions, "signal">): Promise<void> {
    if (count === 0) return;
    this.#others ??= await this.#openOthers();
    const { talkers, calls } = this.#others;
    await this.gemini.answer(SHORT_ANSWER);
    for (; this.#others.count < count; this.#others.count += 1) {
      signal.throwIfAborted();
      const call = await calls.start({ users: talkers, phaseMs: phaseOf(this.#others.count, count) });
      await call.letModelSpeak();
    }
  }

  async #openOthers() {
    const callMachineUrl = `${this.#stack.daily.url}/call-machine`;
    const talkers = this.#owned.use(await Talkers.open({ callMachineUrl, callsPerPage: TALKERS_PER_PAGE }));
    const calls = await BotCalls.open({ edge: this.#stack.edge.url, gemini: this.#stack.gemini.url });
    return { talkers, calls, count: 0 };
  }

  /** The same, whose clocks are looked at before it goes. */
  #watched<Opened extends AsyncDisposable>(opened: Opened, pages: readonly BarePage[]): Opened {
    return {
      ...opened,
      [Symbol.asyncDispose]: async () => {
        await this.clocks.look(pages);
        await opened[Symbol.asyncDispose]();
      },
    };
  }

  /** The newest lines of all programs. */
  transcript(): string {
    return this.#stack.transcript();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
