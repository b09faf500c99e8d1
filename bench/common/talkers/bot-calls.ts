import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ask, askJson } from "../../../test/campaign/leaks/ask.ts";
import { pollUntil } from "../../../test/campaign/leaks/rest.ts";
import { atRate, CYCLE_MS, msUntil, SPURT_MS, speechSpurts } from "./speech.ts";
import type { Talkers } from "./talkers.ts";

/** What Gemini sends. */
const MODEL_RATE = 24_000;
/** From a started session to one that Gemini has set up; it is a fraction of a second. */
const SET_UP_WITHIN_MS = 10_000;

const Started = z.object({ sessionId: z.string(), room_url: z.string(), token: z.string() });
const LiveSessions = z.array(z.object({ id: z.string(), open: z.boolean(), lastSetup: z.unknown() }));

export interface CallWish {
  users: Talkers;
  phaseMs: number;
}

/** A conversation of a user of `Talkers` with the bot: while one of them speaks, the other is silent. */
export interface BotCall {
  /** Lets the model begin to speak; resolves when it does, which is up to a cycle later. */
  letModelSpeak(): Promise<void>;
  end(): Promise<void>;
}

/** Calls between users of `Talkers` and the product, in which both sides speak by the clock for half of the time. */
export class BotCalls {
  readonly #urls: { edge: string; gemini: string };
  /** What the model says, as the emulator takes it. */
  readonly #says: object;
  #lastCall = 0;

  static async open(urls: { edge: string; gemini: string }): Promise<BotCalls> {
    const [spurt] = (await speechSpurts()).slice(-1);
    if (!spurt) throw new Error("There is nothing to say");
    const pcm = Buffer.from(atRate(spurt, MODEL_RATE).samples.buffer).toString("base64");
    return new BotCalls(urls, { kind: "sound", pcm });
  }

  private constructor(urls: { edge: string; gemini: string }, says: object) {
    this.#urls = urls;
    this.#says = says;
  }

  /**
   * Nobody is answered: what is said is said by the clock. Only the greeting is asked for, and it has to be heard, or
   * the bot runtime takes the model for dead and connects anew.
   */
  async prepareModel(): Promise<void> {
    await this.#order("heed", { speech: false });
    await this.#order("answer", { answer: this.#says });
  }

  /** The emulator forgets all; what it keeps of calls that are over would slow the search for the next ones. */
  async resetModel(): Promise<void> {
    await this.#order("reset", {});
    await this.prepareModel();
  }

  /** Starts a session and brings a user into it, who speaks from then on. */
  async start({ users, phaseMs }: CallWish): Promise<BotCall> {
    this.#lastCall += 1;
    const name = `bench-call-${String(this.#lastCall).padStart(6, "0")}`;
    const { sessionId, room_url, token } = await askJson(
      Started,
      `${this.#urls.edge}/api/rtvi/start`,
      // What the application says of a conversation is part of the model's instruction: so it is found again.
      { method: "POST", body: { metadata: { name } } },
    );
    const stop = async () => {
      await ask(`${this.#urls.edge}/api/rtvi/${sessionId}/stop`, { method: "POST" });
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

  async #letModelSpeak(name: string, phaseMs: number): Promise<void> {
    const find = async () => {
      const all = await askJson(LiveSessions, `${this.#urls.gemini}/_emulator/sessions`);
      return all.find(({ open, lastSetup }) => open && JSON.stringify(lastSetup ?? "").includes(name));
    };
    const session = await pollUntil(find, (found) => found !== undefined, SET_UP_WITHIN_MS);
    if (!session) throw new Error(`Gemini has no session of ${name}`);
    await sleep(msUntil(SPURT_MS, { phaseMs, nowMs: Date.now() }));
    await this.#order("say", { session: session.id, answer: this.#says, everyMs: CYCLE_MS });
  }

  async #order(order: string, body: object): Promise<void> {
    await ask(`${this.#urls.gemini}/_emulator/${order}`, { method: "POST", body });
  }
}
