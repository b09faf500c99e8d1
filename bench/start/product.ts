import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { SessionView } from "../../protocol/session.ts";
import { ask, askJson } from "../../test/campaign/leaks/ask.ts";
import { pollUntil } from "../../test/campaign/leaks/rest.ts";
import { freePort } from "../../test/support/stack.ts";
import { nowMs } from "../common/clock.ts";
import { type ListeningProgram, startProgram } from "../common/listening-program.ts";
import { buildOurs, runOurs } from "../common/workerd/workerd.ts";

/** The bot runtime as the container has it. */
const BOT_RUNTIME = "dist/bot-runtime/main.mjs";
/** So that a call is over when its user has hung up. */
const CLIENT_GRACE_MS = 200;
const OVER_WITHIN_MS = 15_000;
/** What a call needs is made ahead, while nobody waits for it: after this it is there. */
const REST_MS = 1_000;
/** Sound that begins all at once, and is not over before it was looked at. */
const GREETING = { kind: "tone", hz: 440, durationMs: 1_500 } as const;

const Health = z.object({ active: z.number() });

/** All of the product as processes, with the Worker as it is deployed, and a bot runtime that can be started anew. */
export class Product implements AsyncDisposable {
  readonly #owned: AsyncDisposableStack;
  readonly #daily: ListeningProgram;
  readonly #gemini: ListeningProgram;
  readonly #edgeUrl: string;
  readonly #botPort: number;
  #bot: ListeningProgram | undefined;

  static async open(): Promise<Product> {
    await using owned = new AsyncDisposableStack();
    const daily = owned.use(await startProgram("emulators/daily/main.ts", {}));
    const gemini = owned.use(await startProgram("emulators/gemini/main.ts", {}));
    const [edgePort, botPort] = [await freePort(), await freePort()];
    const edge = owned.use(
      await runOurs(await buildOurs(), {
        port: edgePort,
        vars: {
          APP_ENV: "development",
          PUBLIC_URL: `http://127.0.0.1:${edgePort}`,
          DAILY_API_URL: `${daily.url}/v1`,
          DAILY_CALL_MACHINE_URL: `${daily.url}/call-machine`,
          BOT_RUNTIME_URL: `http://127.0.0.1:${botPort}`,
        },
      }),
    );
    await ask(`${gemini.url}/_emulator/pace`, { method: "POST", body: { firstAudioMs: 0 } });
    await ask(`${gemini.url}/_emulator/answer`, { method: "POST", body: { answer: GREETING } });
    const product = new Product({ owned: owned.move(), daily, gemini, edgeUrl: edge.url, botPort });
    try {
      await product.restartBot();
      return product;
    } catch (error) {
      await product[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(made: {
    owned: AsyncDisposableStack;
    daily: ListeningProgram;
    gemini: ListeningProgram;
    edgeUrl: string;
    botPort: number;
  }) {
    this.#owned = made.owned;
    this.#daily = made.daily;
    this.#gemini = made.gemini;
    this.#edgeUrl = made.edgeUrl;
    this.#botPort = made.botPort;
  }

  get startUrl(): string {
    return `${this.#edgeUrl}/api/rtvi/start`;
  }

  get callMachineUrl(): string {
    return `${this.#daily.url}/call-machine`;
  }

  get dailyApiUrl(): string {
    return `${this.#daily.url}/v1`;
  }

  /** Resolves as soon as the new one listens, with how long that took. */
  async restartBot(): Promise<number> {
    await this.#bot?.[Symbol.asyncDispose]();
    const startedAtMs = nowMs();
    this.#bot = await startProgram(BOT_RUNTIME, {
      PORT: String(this.#botPort),
      GEMINI_BASE_URL: this.#gemini.url,
      DAILY_CALL_MACHINE_URL: this.callMachineUrl,
      CLIENT_GRACE_MS: String(CLIENT_GRACE_MS),
    });
    return nowMs() - startedAtMs;
  }

  /** How long Daily takes for the next call of its API. */
  async delayDaily(delayMs: number): Promise<void> {
    await ask(`${this.#daily.url}/_emulator/faults`, { method: "POST", body: { fault: "rest", delayMs } });
  }

  session(id: string): Promise<SessionView> {
    return askJson(SessionView, `${this.#edgeUrl}/api/rtvi/${id}`);
  }

  /** Ends a session, and waits until the bot runtime has nothing of it and is ready for the next. */
  async end(sessionId: string): Promise<void> {
    await ask(`${this.#edgeUrl}/api/rtvi/${sessionId}/stop`, { method: "POST" });
    const health = `http://127.0.0.1:${this.#botPort}/health`;
    const { active } = await pollUntil(
      () => askJson(Health, health),
      (seen) => seen.active === 0,
      OVER_WITHIN_MS,
    );
    if (active > 0)
      throw new Error(`Session ${sessionId} is over, and the bot runtime still has ${active} calls`);
    await sleep(REST_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bot?.[Symbol.asyncDispose]();
    await this.#owned.disposeAsync();
  }
}
