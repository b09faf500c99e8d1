import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { ask } from "../../test/campaign/leaks/ask.ts";
import { browserPid, chromiumWithPort } from "../../test/campaign/leaks/bot-browser.ts";
import { untilNoCalls } from "../../test/campaign/leaks/rest.ts";
import { CdpSocket } from "../../test/support/cdp-socket.ts";
import { type Stack, startStack } from "../../test/support/stack.ts";
import { type BotCall, BotCalls, type CallWish } from "../common/talkers/bot-calls.ts";
import { type InspectedBot, startBotProcess } from "./bot-process.ts";
import type { PageBatches } from "./bridge-probe.ts";
import { collect, collectChromium } from "./forced-gc.ts";

/** A user who left is not waited for: the session is stopped anyway. */
const CLIENT_GRACE_MS = 200;

const Batches = z.array(z.object({ page: z.number(), atMs: z.array(z.number()) }));

export interface ProductOptions {
  callsPerPage: number;
  /** Calls at the same time. */
  capacity: number;
}

/** Everything that `npm start` runs, with the bot runtime as it is shipped. Users are the caller's. */
export class Product implements AsyncDisposable {
  readonly stack: Stack;
  readonly #bot: InspectedBot;
  /** Looked up once: of what the bot runtime says only the newest lines are kept. */
  readonly #browserPid: number;
  readonly #inspector: CdpSocket;
  readonly #owned: AsyncDisposableStack;
  readonly #calls: BotCalls;

  static async open({ callsPerPage, capacity }: ProductOptions): Promise<Product> {
    await using opened = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "chat-vrd-bench-"));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    let bot: InspectedBot | undefined;
    const stack = opened.use(
      await startStack({
        startBot: async (settings) => {
          bot = await startBotProcess(settings);
          return bot;
        },
        botSettings: {
          CHROMIUM_PATH: await chromiumWithPort(folder),
          BOT_CAPACITY: String(capacity),
          CALLS_PER_PAGE: String(callsPerPage),
          // What a machine takes that is too busy for it is a figure, too.
          MAX_LOOP_LAG_MS: "0",
          CLIENT_GRACE_MS: String(CLIENT_GRACE_MS),
        },
      }),
    );
    if (!bot) throw new Error("The stack started without its bot");
    const inspector = opened.use(await CdpSocket.open(bot.inspectorUrl));
    const calls = await BotCalls.open({ edge: stack.edge.url, gemini: stack.gemini.url });
    await calls.prepareModel();
    return new Product({ stack, bot, inspector, calls, owned: opened.move() });
  }

  private constructor(made: {
    stack: Stack;
    bot: InspectedBot;
    inspector: CdpSocket;
    calls: BotCalls;
    owned: AsyncDisposableStack;
  }) {
    this.stack = made.stack;
    this.#bot = made.bot;
    this.#browserPid = browserPid(made.bot);
    this.#inspector = made.inspector;
    this.#calls = made.calls;
    this.#owned = made.owned;
  }

  /** Of the bot runtime; its Chromium is below it. */
  get pid(): number {
    const { pid } = this.#bot.program;
    if (pid === undefined) throw new Error("The bot runtime has no process");
    return pid;
  }

  get callMachineUrl(): string {
    return `${this.stack.daily.url}/call-machine`;
  }

  /** Starts a session and brings a user into it, who speaks from then on. */
  startCall(wish: CallWish): Promise<BotCall> {
    return this.#calls.start(wish);
  }

  /** Resolves when no program has anything of a call. */
  async untilNoCalls(): Promise<void> {
    await untilNoCalls(this.stack);
    await this.#calls.resetModel();
  }

  /** When each batch of audio came from each page since the last look. */
  async takeBatches(): Promise<PageBatches[]> {
    const { result } = await this.#inspector.send("Runtime.evaluate", {
      expression: "takeBatches()",
      returnByValue: true,
    });
    return Batches.parse(result.value);
  }

  async framesLost(): Promise<number> {
    const text = await ask(`${this.stack.bot.url}/metrics`);
    const [, value] = /^chat_vrd_bridge_frames_lost_total (\d+)$/m.exec(text) ?? [];
    if (value === undefined) throw new Error("The bot runtime does not tell how many frames it lost");
    return Number(value);
  }

  async collectGarbage(): Promise<void> {
    await collectChromium(this.#browserPid);
    await collect(this.#inspector);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
