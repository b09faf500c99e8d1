/**
 * What latency, turn and barge-in are measured on: the whole product, its bot in a process that is timed, users that
 * are bare pages in a browser of their own, and beside the calls two bare pages that talk to each other.
 */
import { type Stack, startStack } from "../../../test/support/stack.ts";
import { BareBrowser, type BarePage } from "../../common/bare-page/bare-page.ts";
import type { BenchOptions } from "../../common/bench.ts";
import type { StampsSeen } from "../stamps/stamps-line.ts";
import { type BarePair, joinPair } from "./bare-pair.ts";
import { type BotCall, startCall } from "./bot-call.ts";
import { GeminiControl } from "./gemini-control.ts";
import { stampedBot } from "./stamped-bot.ts";

/** What is answered where no answer matters, such as the greeting. Not silence: a bot takes that for a fault. */
const SHORT_ANSWER = { kind: "tone", hz: 440, durationMs: 150, level: 0.1 } as const;

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
  /** Not in a call with a bot: the floor. */
  readonly pair: BarePair;
  readonly calls: BotCall[] = [];
  readonly #stack: Stack;
  readonly #users: BareBrowser;
  readonly #owned: AsyncDisposableStack;

  static async start({ calls, plantedMs, options }: RigOptions): Promise<Rig> {
    const { progress, signal } = options;
    await using owned = new AsyncDisposableStack();
    progress("starting the product");
    const bot = stampedBot(plantedMs);
    const stack = owned.use(
      await startStack({ startBot: bot.start, botSettings: { BOT_CAPACITY: String(calls) } }),
    );
    signal.throwIfAborted();
    progress("starting the browsers");
    const callMachineUrl = `${stack.daily.url}/call-machine`;
    const [users, far] = await Promise.all([
      BareBrowser.open({ callMachineUrl }).then((browser) => owned.use(browser)),
      BareBrowser.open({ callMachineUrl }).then((browser) => owned.use(browser)),
    ]);
    const pair = await joinPair(stack.daily.url, { near: users, far });
    signal.throwIfAborted();
    const gemini = new GeminiControl(stack.gemini.url);
    return new Rig({ gemini, stamps: bot.stamps, pair, stack, users, owned: owned.move() });
  }

  private constructor(made: {
    gemini: GeminiControl;
    stamps: StampsSeen;
    pair: BarePair;
    stack: Stack;
    users: BareBrowser;
    owned: AsyncDisposableStack;
  }) {
    this.gemini = made.gemini;
    this.stamps = made.stamps;
    this.pair = made.pair;
    this.#stack = made.stack;
    this.#users = made.users;
    this.#owned = made.owned;
  }

  /** One call more, with a greeting that is over. */
  async addCall(): Promise<BotCall> {
    await this.gemini.answer(SHORT_ANSWER);
    const call = await startCall(
      { edgeUrl: this.#stack.edge.url, gemini: this.gemini },
      await this.#users.newPage(),
    );
    this.calls.push(call);
    return call;
  }

  /** The newest lines of all programs. */
  transcript(): string {
    return this.#stack.transcript();
  }

  /** The pages whose clocks count. */
  get pages(): BarePage[] {
    return [this.pair.near, this.pair.far, ...this.calls.map(({ page }) => page)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
