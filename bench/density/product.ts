import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ask, askJson } from "../../test/campaign/leaks/ask.ts";
import { browserPid, chromiumWithPort } from "../../test/campaign/leaks/bot-browser.ts";
import { pollUntil, untilNoCalls } from "../../test/campaign/leaks/rest.ts";
import { CdpSocket } from "../../test/support/cdp-socket.ts";
import { type Stack, startStack } from "../../test/support/stack.ts";
import { type InspectedBot, startBotProcess } from "./bot-process.ts";
import type { PageBatches } from "./bridge-probe.ts";
import { collect, collectChromium } from "./forced-gc.ts";
import { atRate, CYCLE_MS, msUntil, SPURT_MS, speechSpurts } from "./speech.ts";
import type { Talkers } from "./talkers.ts";

/** What Gemini sends. */
const MODEL_RATE = 24_000;
/** From a started session to one that Gemini has set up; it is a fraction of a second. */
const SET_UP_WITHIN_MS = 10_000;
/** A user who left is not waited for: the session is stopped anyway. */
const CLIENT_GRACE_MS = 200;

const Started = z.object({ sessionId: z.string(), room_url: z.string(), token: z.string() });
const LiveSessions = z.array(z.object({ id: z.string(), open: z.boolean(), lastSetup: z.unknown() }));
const Batches = z.array(z.object({ page: z.number(), atMs: z.array(z.number()) }));

export interface ProductOptions {
  callsPerPage: number;
  /** Calls at the same time. */
  capacity: number;
}

export interface CallWish {
  users: Talkers;
  phaseMs: number;
}

/** A conversation of a user of `Talkers` with the bot: while one of them speaks, the other is silent. */
export interface ProductCall {
  /** Lets the model begin to speak; resolves when it does, which is up to a cycle later. */
  letModelSpeak(): Promise<void>;
  end(): Promise<void>;
}

/** Everything that `npm start` runs, with the bot runtime as it is shipped. Users are the caller's. */
export class Product implements AsyncDisposable {
  readonly stack: Stack;
  readonly #bot: InspectedBot;
  /** Looked up once: of what the bot runtime says only the newest lines are kept. */
  readonly #browserPid: number;
  readonly #inspector: CdpSocket;
  readonly #owned: AsyncDisposableStack;
  /** What the model says, as the emulator takes it. */
  readonly #says: object;
  #lastCall = 0;

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
          CLIENT_GRACE_MS: String(CLIENT_GRACE_MS),
        },
      }),
    );
    if (!bot) throw new Error("The stack started without its bot");
    const inspector = opened.use(await CdpSocket.open(bot.inspectorUrl));
    const [spurt] = (await speechSpurts()).slice(-1);
    if (!spurt) throw new Error("There is nothing to say");
    const pcm = Buffer.from(atRate(spurt, MODEL_RATE).samples.buffer).toString("base64");
    const product = new Product({
      stack,
      bot,
      inspector,
      owned: opened.move(),
      says: { kind: "sound", pcm },
    });
    await product.#prepareModel();
    return product;
  }

  private constructor(made: {
    stack: Stack;
    bot: InspectedBot;
    inspector: CdpSocket;
    owned: AsyncDisposableStack;
    says: object;
  }) {
    this.stack = made.stack;
    this.#bot = made.bot;
    this.#browserPid = browserPid(made.bot);
    this.#inspector = made.inspector;
    this.#owned = made.owned;
    this.#says = made.says;
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
  async startCall({ users, phaseMs }: CallWish): Promise<ProductCall> {
    this.#lastCall += 1;
    const name = `bench-call-${String(this.#lastCall).padStart(6, "0")}`;
    const { sessionId, room_url, token } = await askJson(
      Started,
      `${this.stack.edge.url}/api/rtvi/start`,
      // What the application says of a conversation is part of the model's instruction: so it is found again.
      { method: "POST", body: { metadata: { name } } },
    );
    const stop = async () => {
      await ask(`${this.stack.edge.url}/api/rtvi/${sessionId}/stop`, { method: "POST" });
    };
    try {
      const user = await users.join({ url: room_url, token, phaseMs, asClient: true });
      return {
        letModelSpeak: () => this.#letModelSpeak(name, phaseMs),
        end: async () => {
          await stop();
          await user.leave();
        },
      };
    } catch (thrown) {
      await stop();
      throw thrown;
    }
  }

  /** Resolves when no program has anything of a call. */
  async untilNoCalls(): Promise<void> {
    await untilNoCalls(this.stack);
    // What the emulator keeps of calls that are over would slow the search for the next ones.
    await this.#order("reset", {});
    await this.#prepareModel();
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

  /**
   * Nobody is answered: what is said is said by the clock. Only the greeting is asked for, and it has to be heard, or
   * the bot runtime takes the model for dead and connects anew.
   */
  async #prepareModel(): Promise<void> {
    await this.#order("heed", { speech: false });
    await this.#order("answer", { answer: this.#says });
  }

  async #letModelSpeak(name: string, phaseMs: number): Promise<void> {
    const find = async () => {
      const all = await askJson(LiveSessions, `${this.stack.gemini.url}/_emulator/sessions`);
      return all.find(({ open, lastSetup }) => open && JSON.stringify(lastSetup ?? "").includes(name));
    };
    const session = await pollUntil(find, (found) => found !== undefined, SET_UP_WITHIN_MS);
    if (!session) throw new Error(`Gemini has no session of ${name}`);
    await sleep(msUntil(SPURT_MS, { phaseMs, nowMs: Date.now() }));
    await this.#order("say", { session: session.id, answer: this.#says, everyMs: CYCLE_MS });
  }

  async #order(order: string, body: object): Promise<void> {
    await ask(`${this.stack.gemini.url}/_emulator/${order}`, { method: "POST", body });
  }
}
