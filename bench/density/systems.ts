import { SignJWT } from "jose";
import { z } from "zod";
import { EMULATED_DAILY } from "../../protocol/development.ts";
import { askJson } from "../../test/campaign/leaks/ask.ts";
import type { BotCall } from "../common/talkers/bot-calls.ts";
import { phaseOf, SPURT_MS } from "../common/talkers/speech.ts";
import type { Talkers, TalkersCall } from "../common/talkers/talkers.ts";
import { collectChromium } from "./forced-gc.ts";
import type { Product } from "./product.ts";
import type { BridgeFigures, System } from "./system.ts";

/** Calls that are being started at the same time: more would only wait for each other. */
const STARTS_AT_ONCE = 4;
const TOKEN_LIFE_S = 3_600;
/** For `Target.getTargets` and the like; the bot's own Chromium is started with one, too. */
export const DEBUGGING_PORT = "--remote-debugging-port=0";

const Room = z.object({ name: z.string(), url: z.string() });

/** The product, called by users. */
export class LoadedProduct implements System {
  readonly bridge: BridgeFigures;
  readonly #product: Product;
  readonly #users: Talkers;
  #calls: BotCall[] = [];

  constructor(product: Product, users: Talkers) {
    this.#product = product;
    this.#users = users;
    this.bridge = {
      takeGapsMs: async () => (await product.takeBatches()).flatMap(({ atMs }) => gaps(atMs)),
      framesLost: () => product.framesLost(),
    };
  }

  get pid(): number {
    return this.#product.pid;
  }

  async begin(calls: number): Promise<void> {
    this.#calls = await inTurns(calls, (call) =>
      this.#product.startCall({ users: this.#users, phaseMs: phaseOf(call, calls) }),
    );
    await Promise.all(this.#calls.map((call) => call.letModelSpeak()));
  }

  async end(): Promise<void> {
    await Promise.all(this.#calls.splice(0).map((call) => call.end()));
    await this.#product.untilNoCalls();
  }

  collectGarbage(): Promise<void> {
    return this.#product.collectGarbage();
  }

  received() {
    return this.#users.received();
  }
}

function gaps(atMs: readonly number[]): number[] {
  return atMs.slice(1).map((at, index) => at - (atMs[index] ?? at));
}

/**
 * What would do the same by daily-js alone: in place of the bot another page that speaks in turns with the user, with
 * nothing behind it.
 */
export class BareCalls implements System {
  readonly #bare: Talkers;
  readonly #users: Talkers;
  readonly #dailyUrl: string;
  #calls: TalkersCall[] = [];
  #rooms = 0;

  constructor(made: { bare: Talkers; users: Talkers; dailyUrl: string }) {
    this.#bare = made.bare;
    this.#users = made.users;
    this.#dailyUrl = made.dailyUrl;
  }

  get pid(): number {
    return this.#bare.pid;
  }

  async begin(calls: number): Promise<void> {
    const pairs = await inTurns(calls, async (call) => {
      const phaseMs = phaseOf(call, calls);
      const { name, url } = await this.#createRoom();
      const join = async (talkers: Talkers, userId: string, phaseMs: number) =>
        talkers.join({ url, token: await signToken(name, userId), phaseMs, asClient: false });
      return Promise.all([join(this.#users, "user", phaseMs), join(this.#bare, "bare", phaseMs + SPURT_MS)]);
    });
    this.#calls = pairs.flat();
  }

  async end(): Promise<void> {
    await Promise.all(this.#calls.splice(0).map((call) => call.leave()));
  }

  collectGarbage(): Promise<void> {
    return collectChromium(this.pid);
  }

  received() {
    return this.#users.received();
  }

  #createRoom(): Promise<z.infer<typeof Room>> {
    this.#rooms += 1;
    return askJson(Room, `${this.#dailyUrl}/v1/rooms`, {
      method: "POST",
      headers: { authorization: `Bearer ${EMULATED_DAILY.apiKey}` },
      body: { name: `bare-${process.pid}-${this.#rooms}`, privacy: "private" },
    });
  }
}

/** As the edge signs them. */
function signToken(room: string, userId: string): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000);
  return new SignJWT({ r: room, d: EMULATED_DAILY.domainId, ud: userId, u: userId, o: true })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + TOKEN_LIFE_S)
    .sign(new TextEncoder().encode(EMULATED_DAILY.apiKey));
}

/** Does so many things, a few at a time. @throws what the first that fails throws */
async function inTurns<Result>(count: number, run: (index: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) results[index] = await run(index);
  };
  await Promise.all(Array.from({ length: Math.min(count, STARTS_AT_ONCE) }, worker));
  return results;
}
