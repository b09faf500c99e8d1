/**
 * Many calls through the whole product, and after each the question what is left of it: in the bot runtime, in the
 * page of its Chromium, in the emulators and in the users' pages.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readWav } from "../../support/audio.ts";
import type { CdpTarget } from "../../support/cdp-socket.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { type User, UserBrowser } from "../../support/user.ts";
import { ask } from "./ask.ts";
import { BotBrowser, chromiumWithPort, prefixed } from "./bot-browser.ts";
import { type Callers, makeCall } from "./call.ts";
import { browserHeapBytes } from "./heap.ts";
import { NodeProgram } from "./node-program.ts";
import { countObjects } from "./page-counts.ts";
import { planCalls, type Round } from "./plan.ts";
import { callsInProgress, pollUntil, rooms, untilNoCalls } from "./rest.ts";
import { type Counts, differences, type EndedCall, type LeaksReport, type Measurement } from "./verdict.ts";

/** A user who left is waited for this long, so that a call does not outlive its end by much. */
const CLIENT_GRACE_MS = 200;
/** For the calls of a round, which take two seconds. */
const ROUND_WITHIN_MS = 40_000;
/** Rooms stay 5 s after a call, and a server keeps a connection that nobody uses for 5 s. */
const REST_WITHIN_MS = 30_000;
/** Open connections of each program when there is no call: the bot runtime has one, to its page. */
const CONNECTIONS_AT_REST: Counts = { daily: 0, gemini: 0, bot: 1 };

export interface LeaksOptions {
  seed: number;
  /** Calls before the first measurement: what is made once and kept is made then. */
  warmUp: number;
  calls: number;
  /** Told after each round: how many calls are over, of all. */
  progress?: (done: number, of: number) => void;
}

/** @throws Error when a call cannot be made, or something of it does not come to rest */
export async function runLeaks(options: LeaksOptions): Promise<LeaksReport> {
  const { seed, warmUp, calls, progress = () => {} } = options;
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "chat-vrd-leaks-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const product = stack.use(
    await startStack({
      inspect: true,
      botSettings: {
        CHROMIUM_PATH: await chromiumWithPort(folder),
        CLIENT_GRACE_MS: String(CLIENT_GRACE_MS),
        // All calls are in the page that is measured.
        SPARE_PAGE: "off",
      },
    }),
  );
  try {
    const browser = stack.use(await UserBrowser.open());
    const residents: [User, User] = [await browser.newUser(), await browser.newUser()];
    const watched = stack.use(await Watched.of(product, residents));
    const callers: Callers = { stack: product, browser, speech: await speech() };
    const ended: EndedCall[] = [];
    const run = async (round: Round) => {
      const made = Promise.all(round.map((call, i) => makeCall(callers, residents[i === 0 ? 0 : 1], call)));
      ended.push(...(await beforeRoundIsLate(made, round)));
      await untilNoCalls(product);
      progress(ended.length, warmUp + calls);
    };

    for (const round of planCalls({ seed: seed + 1, calls: warmUp })) await run(round);
    const before = await watched.atRest();
    const measurements: Measurement[] = [];
    for (const round of planCalls({ seed, calls })) {
      await run(round);
      measurements.push({ calls: ended.length, heaps: await watched.heapBytes() });
    }
    const after = await watched.atRest(before);
    return { measurements, before, after, calls: ended };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`The calls could not be made: ${reason}\n${product.transcript()}`, { cause });
  }
}

/** Resolves as `made` does. @throws Error that names the calls when they do not come to their end */
async function beforeRoundIsLate<Made>(made: Promise<Made>, round: Round): Promise<Made> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Not over in time: ${JSON.stringify(round)}`)),
    ROUND_WITHIN_MS,
  );
  try {
    return await Promise.race([made, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function speech() {
  return readWav(await readFile(join(import.meta.dirname, "../../e2e/recordings/question.wav")));
}

/** Everything that is looked at, under the names that the report has for it. */
class Watched implements Disposable {
  readonly #product: Stack;
  readonly #programs: ReadonlyMap<string, NodeProgram>;
  readonly #botBrowser: BotBrowser;
  readonly #users: ReadonlyMap<string, CdpTarget>;

  static async of(product: Stack, residents: readonly User[]): Promise<Watched> {
    using opened = new DisposableStack();
    const programs = new Map<string, NodeProgram>();
    for (const name of ["daily", "gemini", "bot"] as const) {
      programs.set(name, opened.use(await NodeProgram.of(product[name])));
    }
    const botBrowser = opened.use(await BotBrowser.of(product.bot));
    const users = new Map<string, CdpTarget>();
    for (const [index, { page }] of residents.entries()) {
      users.set(`user ${index + 1}`, await page.context().newCDPSession(page));
    }
    opened.move();
    return new Watched({ product, programs, botBrowser, users });
  }

  private constructor(made: {
    product: Stack;
    programs: ReadonlyMap<string, NodeProgram>;
    botBrowser: BotBrowser;
    users: ReadonlyMap<string, CdpTarget>;
  }) {
    this.#product = made.product;
    this.#programs = made.programs;
    this.#botBrowser = made.botBrowser;
    this.#users = made.users;
  }

  /** Of every program and page, after a forced collection. */
  async heapBytes(): Promise<Counts> {
    // The Gemini emulator keeps what it has heard for whoever wants to look: up to a bound that is not reached here.
    await ask(`${this.#product.gemini.url}/_emulator/reset`, { method: "POST" });
    const heaps: Record<string, number> = {};
    for (const [name, program] of this.#programs) heaps[name] = await program.heapBytes();
    Object.assign(heaps, prefixed("bot's ", await this.#botBrowser.heapBytes()));
    for (const [name, page] of this.#users) heaps[name] = await browserHeapBytes(page);
    return heaps;
  }

  /**
   * Waits until the last room is gone and no connection is open that a call made, then counts everything; and waits
   * for it to be as `before`, which it may take some time to be. What is returned is what was counted last.
   */
  async atRest(before?: Counts): Promise<Counts> {
    const resting = (counts: Counts) =>
      counts["Daily: rooms"] === 0 &&
      Object.entries(CONNECTIONS_AT_REST).every(
        ([name, count]) => (counts[`${name}: TCPSocketWrap`] ?? 0) === count,
      );
    const right = (counts: Counts) =>
      resting(counts) && (before === undefined || differences(before, counts).length === 0);
    const counts = await pollUntil(() => this.#counts(), right, REST_WITHIN_MS);
    if (before === undefined && !resting(counts)) {
      throw new Error(`It does not come to rest: ${JSON.stringify(counts)}`);
    }
    return counts;
  }

  async #counts(): Promise<Counts> {
    // Asked first: the connections of the asking are closed by the time that connections are counted.
    let counts: Counts = {
      "Daily: rooms": await rooms(this.#product),
      ...(await callsInProgress(this.#product)),
    };
    for (const [name, program] of this.#programs) {
      counts = { ...counts, ...prefixed(`${name}: `, await program.counts()) };
    }
    counts = { ...counts, ...prefixed("bot's browser: ", await this.#botBrowser.counts()) };
    for (const [name, page] of this.#users) {
      counts = { ...counts, ...prefixed(`${name}: `, await countObjects(page)) };
    }
    return counts;
  }

  [Symbol.dispose](): void {
    for (const program of this.#programs.values()) program[Symbol.dispose]();
    this.#botBrowser[Symbol.dispose]();
  }
}
